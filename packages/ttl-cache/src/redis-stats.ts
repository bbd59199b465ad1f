/** What the tier tells. Keys never appear here. */
export type RedisTierEvent =
  /** Redis stopped answering: from now on calls fail at once, while one probe at a time looks for its return. */
  | { readonly type: 'away' }
  /** Redis answers again. */
  | { readonly type: 'back' }
  /** A held value was not understood: another codec or version wrote it. It counts as a miss. */
  | { readonly type: 'undecodable'; readonly error: unknown };

/** Counters since creation. A snapshot is frozen. */
export interface RedisTierStats {
  /** `get` answered with a value. */
  readonly hits: number;
  /** `get` answered with the right to load. */
  readonly leases: number;
  /** `get` found another process loading, and waited. */
  readonly waits: number;
  /** Results written under a lease. */
  readonly filled: number;
  /** Results that came too late: the key was invalidated, or the lease lost. */
  readonly refused: number;
  /** Held values that were not understood. */
  readonly undecodable: number;
  /** Calls to Redis that failed, by time-out or error. */
  readonly failures: number;
  /** Calls that were not made, as Redis was known to be away. */
  readonly skipped: number;
  /** Leases that this process holds now. */
  readonly held: number;
}

/** The counters among them. */
export type MutableStats = { -readonly [Name in Exclude<keyof RedisTierStats, 'held'>]: number };

export function newStats(): MutableStats {
  return { hits: 0, leases: 0, waits: 0, filled: 0, refused: 0, undecodable: 0, failures: 0, skipped: 0 };
}
