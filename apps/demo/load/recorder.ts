import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Latency } from '../src/run/result.ts';

export interface Progress {
  done: number;
  errors: number;
  elapsedMs: number;
  /** Requests that a second replica had to answer: the tally `retried`. */
  retried?: number;
  /** Of the requests since the last report; absent when there were none. */
  p50Ms?: number;
  p99Ms?: number;
  driverLagP99Ms: number;
}

export interface LoadReport extends Progress {
  latencyMs: Latency;
  /** The first errors, as text. */
  firstErrors: string[];
  /** What else the driver counted, e.g. attempts, time-outs, bytes. */
  tallies?: Record<string, number>;
  /** Open loop: the offered rate that was kept, 0..1. Otherwise `done` against what was offered says it. */
  achievedRate?: number;
}

export interface Recorder {
  succeeded(latencyMs: number): void;
  /** With a latency where the wait for the failure is part of the story. */
  failed(error: unknown, latencyMs?: number): void;
  /** Adds to a counter of that name. */
  tally(name: string, amount?: number): void;
  finish(): LoadReport;
}

/** The interval at which the event loop's lag is sampled, milliseconds. */
const lagResolutionMs = 10;

/** Records latencies in microseconds (HdrHistogram, three digits) and reports progress four times a second. */
export function createRecorder(report: (progress: Progress) => void): Recorder {
  const histogram = createHistogram({ highest: 3_600_000_000 });
  const recent = createHistogram({ highest: 3_600_000_000 });
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  lag.enable();
  const startMs = performance.now();
  const firstErrors: string[] = [];
  const tallies: Record<string, number> = {};
  let done = 0;
  let errors = 0;
  const inMs = (microseconds: number): number => Math.round(microseconds) / 1_000;
  // The monitor measures the distance between two samples; the lag is what goes beyond the interval.
  const lagP99Ms = (): number => Math.max(0, lag.percentile(99) / 1e6 - lagResolutionMs);
  const progress = (): Progress => {
    const latest = recent.count === 0 ? {} : { p50Ms: inMs(recent.percentile(50)), p99Ms: inMs(recent.percentile(99)) };
    recent.reset();
    const elapsedMs = performance.now() - startMs;
    return { done, errors, retried: tallies['retried'] ?? 0, elapsedMs, driverLagP99Ms: lagP99Ms(), ...latest };
  };
  const timer = setInterval(() => report(progress()), 250);
  const record = (latencyMs: number): void => {
    const microseconds = Math.max(1, Math.round(latencyMs * 1_000));
    histogram.record(microseconds);
    recent.record(microseconds);
  };

  return {
    succeeded: (latencyMs) => {
      done++;
      record(latencyMs);
    },
    tally: (name, amount = 1) => {
      tallies[name] = (tallies[name] ?? 0) + amount;
    },
    failed: (error, latencyMs) => {
      errors++;
      if (latencyMs !== undefined) record(latencyMs);
      if (firstErrors.length < 5) firstErrors.push(error instanceof Error ? error.message : String(error));
    },
    finish: () => {
      clearInterval(timer);
      lag.disable();
      report(progress());
      return {
        ...progress(),
        latencyMs: {
          p50: inMs(histogram.percentile(50)),
          p90: inMs(histogram.percentile(90)),
          p99: inMs(histogram.percentile(99)),
          max: inMs(histogram.count === 0 ? 0 : histogram.max),
          mean: inMs(histogram.count === 0 ? 0 : histogram.mean),
        },
        firstErrors,
        tallies,
      };
    },
  };
}
