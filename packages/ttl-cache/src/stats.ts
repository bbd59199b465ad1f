/** Counters since creation, which only grow, and the gauges `size`, `bytes` and `inFlight`. */
export interface CacheStats {
  /** Reads (`get`, `getOrLoad`) answered by a fresh value. Every read counts as one of the first four. */
  readonly hits: number;
  /** Reads answered by an expired value within a stale window. */
  readonly staleHits: number;
  /** Reads answered by a remembered "not found". */
  readonly negativeHits: number;
  /** Reads that found nothing to answer with: they got `undefined` (`get`), or waited for a load (`getOrLoad`). */
  readonly misses: number;
  /** Calls of a loader. */
  readonly loads: number;
  /** Loaders that threw, rejected or timed out. */
  readonly loadErrors: number;
  /** Misses that waited for a load which ran already. */
  readonly joined: number;
  /** Entries removed to make room. */
  readonly evicted: number;
  /** Entries removed because their time, stale windows included, was over. */
  readonly expired: number;
  /** Entries removed by `delete` and `clear`. */
  readonly invalidated: number;
  /** Results that were not stored: outdated by an invalidation or a `set`, refused by the tier, late, or larger than `maxBytes`. */
  readonly discarded: number;
  /** Loads that the tier answered, without a loader. */
  readonly tierHits: number;
  /** Calls to the tier that failed. */
  readonly tierErrors: number;
  /** Entries held: fresh, stale and negative ones. */
  readonly size: number;
  /** The sum of `sizeOf` over the entries held; 0 without `sizeOf`. */
  readonly bytes: number;
  /** Loads that run, the outdated ones among them. */
  readonly inFlight: number;
}

/** What the store counts itself. */
type Kept = 'hits' | 'misses' | 'evicted' | 'expired' | 'size' | 'bytes';

export type Counts = { -readonly [Name in keyof Omit<CacheStats, Kept>]: number };

export function createCounts(): Counts {
  return {
    staleHits: 0,
    negativeHits: 0,
    loads: 0,
    loadErrors: 0,
    joined: 0,
    invalidated: 0,
    discarded: 0,
    tierHits: 0,
    tierErrors: 0,
    inFlight: 0,
  };
}
