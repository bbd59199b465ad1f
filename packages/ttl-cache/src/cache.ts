import type { Loader } from './load.ts';
import type { CacheStats } from './stats.ts';

export interface GetOrLoadOptions {
  /** Ends this caller's wait alone, at once, with `signal.reason`. The load goes on and fills the cache. */
  signal?: AbortSignal | undefined;
  /** The life of what this call's loader brings, instead of the cache's `ttlMs`. */
  ttlMs?: number | undefined;
}

export interface SetOptions {
  /** The life of this value, instead of the cache's `ttlMs`. */
  ttlMs?: number | undefined;
}

/** What is known of a key. `ageMs`: since it was stored; 0 for a miss. */
export type Lookup<Value> =
  | { readonly state: 'hit' | 'stale'; readonly value: Value; readonly ageMs: number }
  | { readonly state: 'negative' | 'miss'; readonly value?: undefined; readonly ageMs: number };

export interface TtlCache<Value, Key = string> {
  /** The fresh value; `undefined` if there is none, also for a remembered "not found" (`lookup` tells them apart). */
  get(key: Key): Value | undefined;
  /** What is held, without effect on counters or eviction. */
  lookup(key: Key): Lookup<Value>;
  /**
   * Holds a value, and wins over a load that runs.
   * @throws {TypeError} `value` is `undefined`: to remove, `delete`.
   */
  set(key: Key, value: Value, options?: SetOptions): void;
  /**
   * The fresh value, or an old one within its windows, or what `load` brings. Concurrent callers of a key share one load;
   * whose loader runs, is the first one's choice. `undefined`: the loader found nothing.
   * @throws {LoadTimeoutError | LoadRecursionError} (as a rejection) and whatever the loader throws; nothing is stored.
   */
  getOrLoad(key: Key, load: Loader<Value, Key>, options?: GetOrLoadOptions): Promise<Value | undefined>;
  /** Loads now, even when the value is fresh; joins a load that runs. If that fails, rejects, and the old value stays. */
  refresh(key: Key, load: Loader<Value, Key>, options?: GetOrLoadOptions): Promise<Value | undefined>;
  /**
   * Resolves when the tier has seen every `delete`, `clear` and `set` so far; at once without a tier.
   * @throws {CacheClosedError} (as a rejection) `close()` came first.
   */
  settled(): Promise<void>;
  /** Invalidates a key: no value or load from before reaches a later caller. True if something was held. */
  delete(key: Key): boolean;
  /** Invalidates all keys. */
  clear(): void;
  /** `delete` and `clear` for this process only: what a bus calls when another process has invalidated the shared tier. */
  readonly local: { delete(key: Key): boolean; clear(): void };
  /** Whether a fresh value is held. Counts nothing. */
  has(key: Key): boolean;
  /** The keys of all that is held, expired entries in their stale windows and remembered absences among them. */
  keys(): IterableIterator<Key>;
  /** How many entries are held. */
  readonly size: number;
  /** The sum of their sizes, by `sizeOf`. */
  readonly bytes: number;
  /** A frozen snapshot. */
  stats(): CacheStats;
  /** Drops everything and stops the timer. The cache stays usable, but holds nothing: loads are still shared. */
  close(): void;
  [Symbol.dispose](): void;
}
