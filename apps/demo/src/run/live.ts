import type { Phase } from './result.ts';

/** One look at a running phase: counts since it began, latencies of the last moment. */
export interface Point {
  /** Since the load began, milliseconds. */
  atMs: number;
  /** Calls of each named statement since the load began, counted by Postgres. */
  calls: Record<string, number>;
  done: number;
  errors: number;
  /** Requests that a second replica answered, since the first was gone. */
  retried: number;
  /** Latencies of the requests since the last point, milliseconds; absent when there were none. */
  p50Ms?: number;
  p99Ms?: number;
  /** How late the load process is, milliseconds (p99 so far). */
  driverLagMs: number;
  /** What goes up and down, e.g. `waiting for a lock`. */
  gauges: Record<string, number>;
}

/** What one replica holds now. Looking changes nothing in it and asks the database nothing. */
export interface ReplicaView {
  index: number;
  pid: number;
  state: 'up' | 'restarting';
  /** The value of the scenario's hot key, in words. */
  seen?: string;
  /** How old that value is, milliseconds; absent when it is read from the database each time. */
  ageMs?: number;
  hits?: number;
  loads?: number;
}

/** What the packages in one replica say of themselves, by the name that the replica gave them. */
export interface ReplicaStats {
  index: number;
  stats: Record<string, unknown>;
}

/** What a scenario shows while it runs. */
export type Sample =
  | { kind: 'phase-started'; name: string; plannedMs: number; offered: number; countedBy: string }
  | { kind: 'point'; phase: string; point: Point }
  | { kind: 'phase-ended'; phase: Phase }
  | { kind: 'replicas'; replicas: ReplicaView[] }
  /** Something happened from outside, e.g. a replica was killed. */
  | { kind: 'event'; label: string };

/** Something that can be broken or changed while a phase runs: a button on the page. */
export interface Switch {
  id: string;
  label: string;
  /** What happens, and what should be seen. */
  detail: string;
}

/** Throws a switch; resolves with what happened, in words. */
export type ThrowSwitch = () => Promise<string>;

/** A function of the demo's own source, shown beside the figures. `file` is relative to apps/demo/src. */
export interface Excerpt {
  file: string;
  name: string;
}
