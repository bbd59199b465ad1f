import { expect, it } from 'vitest';
import { keepThroughRestarts } from './watch-phase.ts';

it('keeps what a server had counted before it was killed', () => {
  const accumulate = keepThroughRestarts();

  expect([{ a: 5, b: 1 }, { a: 9, b: 1 }, {}, { a: 2 }, { a: 4, c: 1 }].map((counts) => accumulate(counts))).toEqual([
    { a: 5, b: 1 },
    { a: 9, b: 1 },
    { a: 9, b: 1 },
    { a: 11, b: 1 },
    { a: 13, b: 1, c: 1 },
  ]);
});
