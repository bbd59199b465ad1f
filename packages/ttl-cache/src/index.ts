export { createTtlCache } from './ttl-cache.ts';
export type { GetOrLoadOptions, Lookup, SetOptions, TtlCache } from './cache.ts';
export type { TtlCacheOptions } from './options.ts';
export type { LoadContext, Loader } from './load.ts';
export type { CacheEvent, TierOperation } from './events.ts';
export type { CacheStats } from './stats.ts';
export type { EvictReason } from './store.ts';
export type { Tier, TierEntry, TierHit, TierLease, TierRequest } from './tier.ts';
export { CacheClosedError, LoadRecursionError, LoadTimeoutError } from './errors.ts';
