import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnTime, serverTimeMs, type ServerClock } from './redis-clock.ts';

describe("what is known of the server's clock", () => {
  it('is never ahead of it, and as near as the quickest answer of the last 10 seconds', () => {
    const answers = fc.array(fc.record({ pauseMs: fc.nat(3_000), delayMs: fc.nat(400) }), { minLength: 1 });
    fc.assert(
      fc.property(answers, fc.integer({ min: -1e6, max: 1e12 }), (answers, aheadMs) => {
        let clock: ServerClock | undefined;
        let nowMs = 0;
        const lately: { atMs: number; delayMs: number }[] = [];
        for (const { pauseMs, delayMs } of answers) {
          nowMs += pauseMs + delayMs;
          clock = learnTime(clock, nowMs - delayMs + aheadMs, nowMs);
          lately.push({ atMs: nowMs, delayMs });
        }

        const errorMs = nowMs + aheadMs - serverTimeMs(clock!, nowMs);
        expect(errorMs).toBeGreaterThanOrEqual(0);
        const quickest = Math.min(...lately.filter(({ atMs }) => nowMs - atMs <= 10_000).map(({ delayMs }) => delayMs));
        expect(errorMs).toBeLessThanOrEqual(quickest);
      }),
    );
  });

  it('follows a clock that was set forward at once', () => {
    const clock = learnTime(learnTime(undefined, 1_000, 0), 61_001, 1);

    expect(serverTimeMs(clock, 1)).toBe(61_001);
  });

  it('follows a clock that was set back within 20 seconds or so', () => {
    let clock = learnTime(undefined, 61_000, 0);
    for (let nowMs = 1_000; nowMs <= 22_000; nowMs += 1_000) clock = learnTime(clock, 1_000 + nowMs, nowMs);

    expect(serverTimeMs(clock, 22_000)).toBe(23_000);
  });
});
