import { describe, expect, it } from 'vitest';
import {
  answered,
  closedBreaker,
  disconnected,
  isOpen,
  probeDelayMs,
  probeFailed,
  unanswered,
  type Breaker,
} from './redis-breaker.ts';

const after = (...steps: ((breaker: Breaker) => Breaker)[]) =>
  steps.reduce((breaker, step) => step(breaker), closedBreaker);

describe('the breaker', () => {
  it('opens at the third call in a row without an answer', () => {
    expect(isOpen(after(unanswered, unanswered))).toBe(false);
    expect(isOpen(after(unanswered, unanswered, unanswered))).toBe(true);
  });

  it('counts anew after an answer', () => {
    expect(isOpen(after(unanswered, unanswered, answered, unanswered, unanswered))).toBe(false);
  });

  it('opens at once when the client has no connection', () => {
    expect(isOpen(after(disconnected))).toBe(true);
  });

  it('stays open for an answer to a call from before: only a probe closes it', () => {
    expect(isOpen(after(disconnected, answered))).toBe(true);
  });

  it('probes after 100 ms, then half as often each time, at least once a second', () => {
    const delays = [0, 1, 2, 3, 4, 50].map((failures) =>
      probeDelayMs(after(disconnected, ...Array.from({ length: failures }, () => probeFailed))),
    );

    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });
});
