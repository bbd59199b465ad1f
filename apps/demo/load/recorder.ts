import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Latency } from '../src/run/result.ts';

export interface Progress {
  done: number;
  errors: number;
  elapsedMs: number;
}

export interface LoadReport extends Progress {
  latencyMs: Latency;
  /** How late this process's event loop was, 99th percentile, milliseconds. */
  driverLagP99Ms: number;
  /** The first errors, as text. */
  firstErrors: string[];
}

export interface Recorder {
  succeeded(latencyMs: number): void;
  failed(error: unknown): void;
  finish(): LoadReport;
}

/** The interval at which the event loop's lag is sampled, milliseconds. */
const lagResolutionMs = 10;

/** Records latencies in microseconds (HdrHistogram, three digits) and reports progress twice a second. */
export function createRecorder(report: (progress: Progress) => void): Recorder {
  const histogram = createHistogram({ highest: 3_600_000_000 });
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  lag.enable();
  const startMs = performance.now();
  const firstErrors: string[] = [];
  let done = 0;
  let errors = 0;
  const progress = (): Progress => ({ done, errors, elapsedMs: performance.now() - startMs });
  const timer = setInterval(() => report(progress()), 500);

  return {
    succeeded: (latencyMs) => {
      done++;
      histogram.record(Math.max(1, Math.round(latencyMs * 1_000)));
    },
    failed: (error) => {
      errors++;
      if (firstErrors.length < 5) firstErrors.push(error instanceof Error ? error.message : String(error));
    },
    finish: () => {
      clearInterval(timer);
      lag.disable();
      report(progress());
      const inMs = (microseconds: number): number => Math.round(microseconds) / 1_000;
      return {
        ...progress(),
        latencyMs: {
          p50: inMs(histogram.percentile(50)),
          p90: inMs(histogram.percentile(90)),
          p99: inMs(histogram.percentile(99)),
          max: inMs(done === 0 ? 0 : histogram.max),
          mean: inMs(done === 0 ? 0 : histogram.mean),
        },
        // The monitor measures the distance between two samples; the lag is what goes beyond the interval.
        driverLagP99Ms: Math.max(0, lag.percentile(99) / 1e6 - lagResolutionMs),
        firstErrors,
      };
    },
  };
}
