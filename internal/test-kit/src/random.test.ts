import { expect, it } from 'vitest';
import { seededRandom, zipf } from './random.ts';

it('gives the same numbers for the same seed, and others for another', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };

  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

it('draws index 0 of a Zipf law twice as often as index 1', () => {
  const next = zipf(seededRandom(1), 1_000, 1);
  const counts = new Float64Array(1_000);
  for (let draw = 0; draw < 200_000; draw++) counts[next()]!++;

  expect(counts[0]! / counts[1]!).toBeCloseTo(2, 0);
  expect(counts.every((count) => count >= 0)).toBe(true);
});
