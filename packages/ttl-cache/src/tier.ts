/** What a tier holds for a key. */
export interface TierEntry<Value> {
  /** `undefined`: the source was asked and has nothing (a remembered "not found"). */
  readonly value: Value | undefined;
  /** Life left, in milliseconds; above 0. `Infinity`: for ever, or as long as the tier keeps anything. */
  readonly ttlMs: number;
}

/** The tier has it: no load is needed. */
export interface TierHit<Value> extends TierEntry<Value> {
  readonly kind: 'hit';
}

/**
 * The right to load one key and to write the result, as in memcached's leases (NSDI '13).
 *
 * The tier keeps it alive by itself (renews it in the background) until `fill` or `release` is called; the cache calls
 * exactly one of them, once, or the process dies. When the process dies the lease runs out and a waiter takes over.
 */
export interface TierLease<Value> {
  readonly kind: 'lease';
  /**
   * Writes the result if the lease still holds, and ends it. Callers in other processes that wait for the key get the value.
   *
   * `refused`: a `delete`, `clear` or `set` of this key, by whichever process, or another holder's lease, came after the
   * lease was given. Nothing was written, and the cache will not keep the value either.
   * `value: undefined` removes what the tier held; with `ttlMs` above 0 the absence itself is remembered.
   * `ttlMs: 0` stores nothing, and removes what was held.
   *
   * Rejects when it is unknown whether the write arrived (the tier is away or slow). It must settle in bounded time.
   */
  fill(entry: TierEntry<Value>): Promise<'stored' | 'refused'>;
  /** Ends the lease without a result (the load failed, or is outdated): the next waiter may load at once. What the tier held stays. */
  release(): Promise<void>;
}

export interface TierRequest {
  /**
   * Ends the wait: the cache has given up on this load. `get` then rejects soon, with any reason, and a lease that is
   * granted at the same moment is released by the tier itself.
   */
  readonly signal: AbortSignal;
  /**
   * A held value answers only if more than this is left of its life. 0: any live value. `Infinity`: none, a load is
   * wanted in any case. A value that another holder fills in while this request waits always answers.
   */
  readonly minTtlMs: number;
}

/**
 * A second tier behind the memory of a cache, shared by processes, e.g. Redis.
 *
 * The cache calls `get` at most once at a time for each key, from a load that is already coalesced in this process.
 *
 * What a tier owes:
 * - **Failure is a rejection**, within a bound of the tier's own (its `timeoutMs`), also when its server hangs. The
 *   cache then goes around the tier: a rejected `get` is a miss, a rejected `fill` loses the shared copy only, a
 *   rejected `set`, `delete` or `clear` is kept by the cache and replayed (see `delete`). No rejection reaches a caller.
 * - **Order**: calls for one key take effect in the order in which this process made them; `clear` is ordered with all
 *   of them. A call that rejected may have taken effect or not, but never after a later call that resolved.
 * - **Lease compare-and-set**: a `fill` under a lease given before an invalidation that has resolved is refused.
 * - Every key it writes has a TTL. It holds its own keys only, and never closes a client that it was given.
 */
export interface Tier<Value> {
  /**
   * The value, or the right to load it, in one round trip where nobody else is loading. While another holder is
   * loading, waits: until that one fills (hit), or releases, is invalidated or dies (lease). A tier without leases
   * across processes gives every asker a lease at once; what it gives must still refuse writes after an invalidation.
   */
  get(key: string, request: TierRequest): Promise<TierHit<Value> | TierLease<Value>>;
  /** Writes unconditionally, and revokes a lease on the key. */
  set(key: string, entry: TierEntry<Value>): Promise<void>;
  /**
   * Removes the keys and revokes their leases. Resolves when every later `get`, by any process, sees neither the old
   * values nor a fill from an older lease.
   *
   * The cache reads around the tier for these keys until it resolves. After a rejection the cache keeps the keys (at
   * most `maxKept`, then it calls `clear` instead) and calls again, with many keys at a time, until it resolves.
   */
  delete(keys: readonly string[]): Promise<void>;
  /** As `delete`, for all keys of this tier. The time does not depend on how many there are. */
  clear(): Promise<void>;
}
