import { expect, it } from 'vitest';
import { roundSchedule } from './callers.ts';

it('sends all callers of a key within a moment, and the next key’s when their time comes', () => {
  const { count, dueMs } = roundSchedule({ callers: 4, rounds: 2, everyMs: 1_000, withinMs: 100, firstUserId: 1 });

  expect(Array.from({ length: count }, (_, index) => dueMs(index))).toEqual([
    0, 25, 50, 75, 1_000, 1_025, 1_050, 1_075,
  ]);
});
