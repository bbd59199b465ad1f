/** One figure before and after, with the bound that was printed before the run. */
export interface Row {
  name: string;
  before: number | undefined;
  after: number | undefined;
  /** What `after` may be at most. */
  bound: number;
  /** The share that is saved, 0..1; undefined when one of the two was not run. */
  reduction: number | undefined;
  /** The share that has to be saved at least, if the story promises one. */
  minReduction?: number;
  /** The source's own figures, and of what kind they are. */
  source: string;
  /** Why the row was not run, e.g. `no Redis`. */
  skipped?: string;
}

/** Something that holds or does not. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

/** Percentiles of the latency, milliseconds. */
export interface Latency {
  p50: number;
  p90: number;
  p99: number;
  max: number;
  mean: number;
}

/** One load over one composition. */
export interface Phase {
  name: string;
  durationMs: number;
  requests: number;
  errors: number;
  latencyMs: Latency;
  /** Calls of each named statement, counted by Postgres and by the wrapper in the app. */
  counts: Record<string, { server: number; wrapper: number }>;
  /** What was broken or changed on purpose meanwhile. */
  chaos?: string[];
  /** A replica was killed, and its own count with it: Postgres alone counted. */
  witnessLost?: boolean;
  /** Postgres was killed, and its counts with it: the app alone counted. */
  serverForgot?: boolean;
  /** What else the driver counted, e.g. attempts, time-outs, bytes. */
  tallies?: Record<string, number>;
  /** How far the load was what it should have been. */
  validity: {
    ok: boolean;
    achievedRate: number;
    driverLagP99Ms: number;
    detail: string;
    /** The load was given up: this machine cannot bear it, and a second try would not help. */
    overdue?: boolean;
  };
}

/** The machine that ran it: latencies mean nothing without it. */
export interface Host {
  cores: number;
  processor: string;
  memoryGiB: number;
  system: string;
}

export type Status = 'reproduced' | 'broken' | 'invalid' | 'skipped';

export interface ScenarioResult {
  id: string;
  title: string;
  status: Status;
  /** Every scaled quantity, in words. */
  scale: string;
  countedBy: 'pg_stat_statements' | 'client wrapper';
  configuration: Record<string, unknown>;
  rows: Row[];
  checks: Check[];
  phases: Phase[];
  /** Where it does not help, or what a reader has to know. */
  notes: string[];
  /** What could not run for want of a program or a server, and the command that provides it. */
  skipped: string[];
}

export interface RunResult {
  schemaVersion: 1;
  runId: string;
  /** When the result was written, ISO 8601. */
  date: string;
  git: string;
  versions: Record<string, string>;
  host: Host;
  seed: number;
  scenarios: ScenarioResult[];
}

/** The share of `before` that `after` saves; undefined unless both are known. */
export function reductionOf(before: number | undefined, after: number | undefined): number | undefined {
  if (before === undefined || after === undefined || before === 0) return undefined;
  return 1 - after / before;
}

export function rowHolds({ after, bound, reduction, minReduction }: Row): boolean {
  if (after !== undefined && after > bound) return false;
  return reduction === undefined || minReduction === undefined || reduction >= minReduction;
}

/** A run that was not what it should have been says nothing: invalid wins over broken. */
export function statusOf(rows: readonly Row[], checks: readonly Check[], phases: readonly Phase[]): Status {
  if (phases.some(({ validity }) => !validity.ok)) return 'invalid';
  return rows.every(rowHolds) && checks.every(({ ok }) => ok) ? 'reproduced' : 'broken';
}

/** 0 reproduced, 1 a bound or an invariant is broken, 2 invalid, 3 something was skipped, since it needs what is not here. */
export function exitCodeOf(scenarios: readonly ScenarioResult[]): 0 | 1 | 2 | 3 {
  if (scenarios.some(({ status }) => status === 'broken')) return 1;
  if (scenarios.some(({ status }) => status === 'invalid')) return 2;
  return scenarios.some(({ status, skipped }) => status === 'skipped' || skipped.length > 0) ? 3 : 0;
}
