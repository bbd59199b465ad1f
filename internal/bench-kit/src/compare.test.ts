import { describe, expect, it } from 'vitest';
import { compare, median } from './compare.ts';

describe('compare', () => {
  it('takes each ratio within a round, so that a slow round of the machine changes nothing', async () => {
    let nowMs = 0;
    let calls = 0;
    const spend = (ms: number) => () => {
      // Every other round the whole machine is ten times slower.
      const slow = Math.floor(calls++ / 2) % 2 === 0 ? 10 : 1;
      nowMs += ms * slow;
    };

    const { results } = await compare({
      name: 'two',
      baseline: 'one',
      contenders: { one: spend(1), two: spend(2) },
      operations: 1,
      rounds: 9,
      clock: () => nowMs,
    });

    expect(results.find(({ name }) => name === 'two')?.ratio).toBe(2);
  });

  it('lets the contenders take turns, piece by piece, so that a slow moment within a round meets all of them', async () => {
    let nowMs = 0;
    let calls = 0;
    const seen: number[] = [];
    const spend = (ms: number) => (piece: number) => {
      if (ms === 1) seen.push(piece);
      // The machine gets slower with each pair of calls.
      nowMs += ms * (1 + Math.floor(calls++ / 2));
    };

    const { results } = await compare({
      name: 'two',
      baseline: 'one',
      contenders: { one: spend(1), two: spend(2) },
      operations: 4,
      pieces: 4,
      rounds: 1,
      clock: () => nowMs,
    });

    expect(results.find(({ name }) => name === 'two')?.ratio).toBe(2);
    // Two rounds to warm up, and the one that counts.
    expect(seen).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('refuses a baseline that is not a contender', async () => {
    const options = { name: 'x', baseline: 'none', contenders: { one: () => {} }, operations: 1 };

    await expect(compare(options)).rejects.toThrow('baseline: expected one of the contenders, got none');
  });

  it('takes the mean of the two middle values of an even count', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
