import fc from 'fast-check';
import { expect, it } from 'vitest';
import { linearAxis, logAxis } from './axis.ts';

it('labels round numbers and ends at or above the highest value', () => {
  expect(linearAxis(812, 4)).toMatchObject({ ticks: [0, 500, 1_000], max: 1_000 });
  expect(linearAxis(20, 4).ticks).toEqual([0, 5, 10, 15, 20]);
  expect(linearAxis(0.3, 3).ticks).toEqual([0, 0.1, 0.2, 0.3]);
});

it('holds every value between foot and top, in order', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.integer({ min: 2, max: 12 }), (highest, wanted) => {
      for (const axis of [linearAxis(highest, wanted), logAxis(highest)]) {
        expect(axis.at(0)).toBe(0);
        expect(axis.at(highest)).toBeLessThanOrEqual(1 + 1e-9);
        expect(axis.at(highest / 2)).toBeLessThanOrEqual(axis.at(highest));
        expect(axis.ticks.length).toBeLessThanOrEqual(14);
      }
    }),
  );
});

it('puts powers of ten at equal distances on a logarithmic axis', () => {
  expect(logAxis(5_000).ticks).toEqual([0, 1, 10, 100, 1_000, 10_000]);
});
