import type { Decision, Rule } from '../../src/index.ts';

/** How a worker sends its checks. Burst shapes aim at the places where inexact limiters hand out two quotas. */
export type Shape =
  /** `perSecond` checks a second, evenly. */
  | { kind: 'steady'; perSecond: number }
  /** `size` at once just before the window ends that the first check opened, and again just after. */
  | { kind: 'window-edge'; size: number }
  /** The same around whole windows of the wall clock. */
  | { kind: 'clock-edge'; size: number }
  /** `size` at once, then `perSecond` evenly. */
  | { kind: 'burst-then-steady'; size: number; perSecond: number }
  /** Bursts of random size at random times. */
  | { kind: 'random'; size: number; seed: number };

export interface WorkerSettings {
  readonly url: string;
  readonly prefix: string;
  readonly rule: Rule;
  readonly workers: number | 'auto';
  readonly timeoutMs: number;
  /** Added to this process's wall clock. */
  readonly skewMs: number;
}

/** One check as the worker saw it; times of the machine's monotonic clock. */
export interface Check {
  readonly sentMs: number;
  readonly repliedMs: number;
  readonly allowed: boolean;
  readonly source: Decision['source'];
}

/** What became of a worker's load. */
export interface WorkerReport {
  readonly checks: Check[];
  /** Checks that were rejected as promises. */
  readonly errors: string[];
  /** Checks that had no answer a second after the load ended. */
  readonly hung: number;
  /** Batches that Redis did not answer in time during the load. */
  readonly timeouts: number;
}

/** Whom a load is sent through: the limiter of this package, or the peer of the benches. */
export type Contender = 'corral' | 'peer';

/** Every message and its answer carry a number: several loads may run at once. */
export type ToWorker = { id: number } & (
  | { type: 'open'; settings: WorkerSettings }
  | { type: 'load'; shape: Shape; durationMs: number; key: string; limiter: Contender }
  | { type: 'state' }
  | { type: 'close' }
);
export type FromWorker = { type: 'done' } | { type: 'report'; report: WorkerReport } | { type: 'state'; state: string };
