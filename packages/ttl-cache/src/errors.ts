/**
 * A loader did not settle within `loadTimeoutMs`. All who waited got this error, unless an old value covered it; the
 * loader's signal is aborted with it, the key is free for the next load, and a late result is dropped.
 */
export class LoadTimeoutError extends Error {
  override readonly name: string = 'LoadTimeoutError';
  readonly code: 'ERR_LOAD_TIMEOUT' = 'ERR_LOAD_TIMEOUT' as const;
  /** How long the loader was given, in milliseconds. */
  readonly timeoutMs: number;
  /** The key. Not enumerable: keys may be secrets, and errors end up in logs. */
  declare readonly key: unknown;

  constructor(key: unknown, timeoutMs: number) {
    super(`The loader did not settle within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
    Object.defineProperty(this, 'key', { value: key });
  }
}

/** A loader asked the cache for the key that it is loading, directly or through another key: it would wait for itself. */
export class LoadRecursionError extends Error {
  override readonly name: string = 'LoadRecursionError';
  readonly code: 'ERR_LOAD_RECURSION' = 'ERR_LOAD_RECURSION' as const;
  /** The key. Not enumerable: keys may be secrets, and errors end up in logs. */
  declare readonly key: unknown;

  constructor(key: unknown) {
    super('A loader waits for the very key that it is loading');
    Object.defineProperty(this, 'key', { value: key });
  }
}

/** `settled()` cannot be kept: the cache was closed while the tier still had invalidations to see. They are lost there until its TTL. */
export class CacheClosedError extends Error {
  override readonly name: string = 'CacheClosedError';
  readonly code: 'ERR_CACHE_CLOSED' = 'ERR_CACHE_CLOSED' as const;
  /** How many keys the tier had not seen; `Infinity` for a `clear`. */
  readonly pending: number;

  constructor(pending: number) {
    super(
      `The cache was closed before the tier had seen ${pending === Infinity ? 'a clear' : `${pending} invalidations`}`,
    );
    this.pending = pending;
  }
}
