import { fakeClock, gate } from '@corral-internal/test-kit';
import { afterEach, expect, it, vi } from 'vitest';
import { achievedRate, evenly, openLoop, type Clock } from './open-loop.ts';
import type { Recorder } from './recorder.ts';

/** Time passes only while the driver waits for the next due time. */
function heldClock(): Clock & { advance(ms: number): void } {
  const clock = fakeClock();
  return { now: clock.now, advance: clock.advance, sleep: async (ms) => clock.advance(ms) };
}

function notes(): Recorder & { latencies: number[]; errors: unknown[]; tallies: Record<string, number> } {
  const latencies: number[] = [];
  const errors: unknown[] = [];
  const tallies: Record<string, number> = {};
  return {
    latencies,
    errors,
    tallies,
    succeeded: (ms) => void latencies.push(ms),
    failed: (error, ms) => {
      errors.push(error);
      if (ms !== undefined) latencies.push(ms);
    },
    tally: (name, amount = 1) => void (tallies[name] = (tallies[name] ?? 0) + amount),
    finish: () => ({
      done: latencies.length - errors.length,
      errors: errors.length,
      retried: 0,
      elapsedMs: 0,
      latencyMs: { p50: 0, p90: 0, p99: 0, max: 0, mean: 0 },
      driverLagP99Ms: 0,
      firstErrors: [],
    }),
  };
}

const never = new AbortController().signal;
afterEach(() => void vi.useRealTimers());

it('starts each request when it is due, though none has been answered', async () => {
  const clock = heldClock();
  const startedAt: number[] = [];
  const answers = gate();
  const send = (): Promise<void> => {
    startedAt.push(clock.now());
    if (startedAt.length === 5) answers.open();
    return answers.promise;
  };

  const { achievedRate: rate } = await openLoop({ schedule: evenly(100, 50), send }, notes(), never, clock);

  expect(startedAt).toEqual([0, 10, 20, 30, 40]);
  expect(rate).toBe(1);
});

it('counts the latency from when the request was due, not from when it was sent', async () => {
  const clock = heldClock();
  const recorder = notes();
  // The first request freezes the driver for 35 ms: the second, third and fourth are sent late.
  const send = async (index: number): Promise<void> => {
    if (index === 0) clock.advance(35);
  };

  const report = await openLoop({ schedule: evenly(100, 40), send }, recorder, never, clock);

  expect(recorder.latencies).toEqual([35, 25, 15, 5]);
  expect(report.driverLagP99Ms).toBeGreaterThanOrEqual(25);
  expect(report.achievedRate).toBeCloseTo(30 / 35);
});

it('stops sending when it is told to', async () => {
  const clock = heldClock();
  const stop = new AbortController();
  let sent = 0;
  const send = async (): Promise<void> => {
    if (++sent === 3) stop.abort();
  };

  const report = await openLoop({ schedule: evenly(100, 1_000), send }, notes(), stop.signal, clock);

  expect(sent).toBe(3);
  expect(report.achievedRate).toBe(0.03);
});

it('gives up on an attempt after the time-out, tries again at once, and fails when that is over too', async () => {
  vi.useFakeTimers();
  const recorder = notes();
  const send = (_: number, signal: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('wrapped'))));

  const done = openLoop({ schedule: evenly(1, 1_000), send, timeoutMs: 50, retries: 1 }, recorder, never);
  await vi.advanceTimersByTimeAsync(100);
  await done;

  expect(recorder.tallies).toEqual({ attempts: 2, timeouts: 2 });
  expect(recorder.errors).toMatchObject([{ name: 'ClientTimeout', message: 'no answer within 50 ms' }]);
  expect(recorder.latencies).toEqual([100]);
});

it('does not repeat a request that failed for another reason than time', async () => {
  const recorder = notes();
  const send = (): Promise<void> => Promise.reject(new Error('500'));

  await openLoop({ schedule: evenly(1_000, 1), send, timeoutMs: 1_000, retries: 3 }, recorder, never);

  expect(recorder.tallies).toEqual({ attempts: 1 });
});

it('says which share of the rate was kept', () => {
  const schedule = evenly(100, 1_010); // the last one is due after a second
  expect(achievedRate(schedule, 101, 990)).toBe(1);
  expect(achievedRate(schedule, 101, 2_000)).toBe(0.5);
  expect(achievedRate(evenly(1, 0), 0, 5)).toBe(1);
});
