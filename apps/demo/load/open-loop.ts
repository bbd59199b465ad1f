import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadReport, Recorder } from './recorder.ts';

/** When each request is due, milliseconds from the start; never falls. */
export interface Schedule {
  count: number;
  dueMs(index: number): number;
}

/** The same distance between any two requests. */
export const evenly = (perSecond: number, durationMs: number): Schedule => ({
  count: Math.round((perSecond * durationMs) / 1_000),
  dueMs: (index) => (index * 1_000) / perSecond,
});

export interface OpenLoop {
  schedule: Schedule;
  /** One attempt of request `index`; rejects when it fails. It should stop when `signal` aborts. */
  send(index: number, signal: AbortSignal): Promise<void>;
  /** The client gives up on an attempt after this time, milliseconds. Default `Infinity`. */
  timeoutMs?: number;
  /** Further attempts after a time-out, each at once, as an impatient client does. Default 0. */
  retries?: number;
}

export interface Clock {
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

const wallClock: Clock = { now: () => performance.now(), sleep: (ms) => delay(ms) };

/**
 * Sends each request when it is due, whether or not the earlier ones have been answered, so that a slow server meets the
 * load that it would meet outside. The latency counts from when the request was due: a wait before it could be sent
 * belongs to it (no coordinated omission). A request that failed was waited for too: its time is in the latencies.
 */
export async function openLoop(
  { schedule, send, timeoutMs = Infinity, retries = 0 }: OpenLoop,
  recorder: Recorder,
  stop: AbortSignal,
  clock: Clock = wallClock,
): Promise<LoadReport> {
  const { count, dueMs } = schedule;
  const late = createHistogram({ highest: 3_600_000_000 });
  const requests: Promise<void>[] = [];
  const startMs = clock.now();

  const request = async (index: number, intendedMs: number): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        recorder.tally('attempts');
        await withDeadline((signal) => send(index, signal), timeoutMs, stop);
        recorder.succeeded(clock.now() - intendedMs);
        return;
      } catch (error) {
        if (error instanceof ClientTimeout) recorder.tally('timeouts');
        if (!(error instanceof ClientTimeout) || attempt === retries || stop.aborted) {
          recorder.failed(error, clock.now() - intendedMs);
          return;
        }
      }
    }
  };

  while (requests.length < count && !stop.aborted) {
    const intendedMs = startMs + dueMs(requests.length);
    for (let waitMs = intendedMs - clock.now(); waitMs > 0; waitMs = intendedMs - clock.now())
      await clock.sleep(waitMs);
    late.record(Math.max(1, Math.round((clock.now() - intendedMs) * 1_000)));
    requests.push(request(requests.length, intendedMs));
  }
  const sentMs = clock.now() - startMs;
  await Promise.all(requests);

  const report = recorder.finish();
  return {
    ...report,
    achievedRate: achievedRate(schedule, requests.length, sentMs),
    // A late send is what a lag of the event loop does to the load: the larger of the two counts.
    driverLagP99Ms: Math.max(report.driverLagP99Ms, late.percentile(99) / 1_000),
  };
}

/** The share of the offered rate that was kept: requests sent, in the time that all of them took to be sent. */
export function achievedRate({ count, dueMs }: Schedule, sent: number, sentMs: number): number {
  if (count === 0) return 1;
  const plannedMs = dueMs(count - 1);
  return (sent / count) * (sentMs <= plannedMs ? 1 : plannedMs / sentMs);
}

/** The client has waited long enough. */
export class ClientTimeout extends Error {
  override readonly name = 'ClientTimeout';
}

async function withDeadline(
  attempt: (signal: AbortSignal) => Promise<void>,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<void> {
  if (timeoutMs === Infinity) return attempt(stop);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new ClientTimeout(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await attempt(AbortSignal.any([patience.signal, stop]));
  } catch (error) {
    // An HTTP client may wrap the reason: what counts is who gave up.
    throw patience.signal.aborted ? patience.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
