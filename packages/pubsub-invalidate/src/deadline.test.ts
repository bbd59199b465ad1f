import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pause, unrefInterval, unrefTimeout, withDeadline } from './deadline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

// A timer of more than 2^31 - 1 ms fires after 1 ms: on Node, and in fake timers too.
it('a time that no timer can count is a long one, not none', async () => {
  const long = 2 ** 40;
  const never = new AbortController();
  const ran = vi.fn<(what: string) => void>();
  unrefTimeout(() => ran('timeout'), long);
  unrefInterval(() => ran('interval'), long);
  void pause(long, never.signal).then(() => ran('pause'));
  withDeadline('x', long, () => new Promise(() => {})).catch(() => ran('deadline'));

  await vi.advanceTimersByTimeAsync(3_600_000);

  expect(ran).not.toHaveBeenCalled();
});
