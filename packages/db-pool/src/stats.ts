/** A snapshot: gauges of this moment, and counters that only grow. */
export interface PoolStats {
  /** The options in force. */
  readonly size: number;
  readonly overflow: number;
  /** Gauges: `open = idle + busy`; `waiting` callers; `connecting` attempts under way. */
  readonly open: number;
  readonly idle: number;
  readonly busy: number;
  readonly waiting: number;
  readonly connecting: number;
  /** Checkouts granted and given back. */
  readonly acquired: number;
  readonly released: number;
  /** Connections opened and closed. */
  readonly created: number;
  readonly destroyed: number;
  /** Acquires that ended at their deadline. */
  readonly timedOut: number;
  /** Acquires that ended without a connection for any other reason: queue full, deadlock, closed, wrong credentials. */
  readonly failed: number;
  /** Acquires that their caller gave up. */
  readonly aborted: number;
  /** Established connections that the server or the network ended. */
  readonly lost: number;
  /** Connections that replaced a lost one. */
  readonly reconnects: number;
  /** Attempts to connect that failed. */
  readonly connectErrors: number;
  readonly pings: number;
  readonly pingFailures: number;
  /** Cancel requests sent for aborted and overdue queries. */
  readonly cancels: number;
  /** Statements sent; and those that failed with an error of the server. */
  readonly queries: number;
  readonly queryErrors: number;
  /** Transactions repeated after 40001 or 40P01. */
  readonly retries: number;
  readonly leaks: number;
  /** Sums, in milliseconds: callers in the queue, connections lent, statements running. `heldMs` far above `runMs`: connections are held while nothing runs. */
  readonly waitedMs: number;
  readonly heldMs: number;
  readonly runMs: number;
}

/** The growing part, kept as plain numbers. */
export class Counters {
  acquired = 0;
  released = 0;
  created = 0;
  destroyed = 0;
  timedOut = 0;
  failed = 0;
  aborted = 0;
  lost = 0;
  reconnects = 0;
  connectErrors = 0;
  pings = 0;
  pingFailures = 0;
  cancels = 0;
  queries = 0;
  queryErrors = 0;
  retries = 0;
  leaks = 0;
  waitedMs = 0;
  heldMs = 0;
  runMs = 0;
}

/** One line for an error message. */
export function summary(stats: PoolStats): string {
  const { open, idle, busy, waiting, connecting, size, overflow } = stats;
  return `${open} open (${busy} busy, ${idle} idle), ${connecting} connecting, ${waiting} waiting, size ${size} + overflow ${overflow}`;
}

/** What a snapshot is taken of. */
export interface Measured {
  readonly counters: Counters;
  readonly sessions: { readonly size: number };
  readonly idle: readonly unknown[];
  readonly waiters: { readonly size: number };
  readonly connector: { readonly connecting: number };
  readonly size: number;
  readonly overflow: number;
}

export function snapshot({ counters, sessions, idle, waiters, connector, size, overflow }: Measured): PoolStats {
  const open = sessions.size;
  const gauges = { size, overflow, open, idle: idle.length, busy: open - idle.length };
  const queue = { waiting: waiters.size, connecting: connector.connecting };
  return Object.freeze(Object.assign({}, gauges, queue, counters));
}
