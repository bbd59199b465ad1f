import { TTLCache } from '@isaacs/ttlcache';
import { createCache as createDedupe } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createManager } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Loader } from 'layered-loader';
import { LRUCache } from 'lru-cache';
import pMemoize from 'p-memoize';
import { createTtlCache } from '../src/index.ts';

const ttlMs = 300_000;

export interface SyncCache {
  get(key: string): unknown;
  set(key: string, value: object): unknown;
}

/** Caches that are read and written synchronously, each with a TTL, bounded to `max` entries. */
export function syncCaches(max: number): Record<string, () => SyncCache> {
  return {
    'bare Map': () => new Map<string, object>(),
    '@corral/ttl-cache': () => createTtlCache<object>({ ttlMs, maxEntries: max }),
    'lru-cache': () => new LRUCache<string, object>({ max, ttl: ttlMs }),
    '@isaacs/ttlcache': () => new TTLCache<string, object>({ max, ttl: ttlMs }),
  };
}

export interface LoadingCache {
  load(key: string): Promise<unknown>;
}

/** Caches that load what is missing, by `source`. */
export function loadingCaches(source: (key: string) => Promise<object>, max: number): Record<string, LoadingCache> {
  const memo = new Map<string, Promise<object>>();
  const memoize = async (key: string): Promise<object> => {
    const known = memo.get(key);
    if (known !== undefined) return known;
    const loading = source(key);
    memo.set(key, loading);
    return loading;
  };
  const corral = createTtlCache<object>({ ttlMs, maxEntries: max });
  const load = ({ key }: { key: string }) => source(key);
  const lru = new LRUCache<string, object>({ max, ttl: ttlMs, fetchMethod: source });
  const bento = new BentoCache({
    default: 'memory',
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: max, serialize: false })) },
  });
  const cacheable = new Cacheable({ ttl: ttlMs });
  const manager = createManager({ ttl: ttlMs });
  const dedupe = createDedupe({ ttl: ttlMs / 1_000, storage: { type: 'memory', options: { size: max } } }).define(
    'load',
    source,
  );
  const memoized = new Map<string, { data: object; maxAge: number }>();
  const pMemo = pMemoize(source, { cache: memoized as never });
  const layered = new Loader<object>({
    inMemoryCache: { cacheType: 'lru-object', ttlInMsecs: ttlMs, maxItems: max },
    dataSources: [{ get: (key: string) => source(key) }] as never,
  });
  return {
    'Map memo': { load: memoize },
    '@corral/ttl-cache': { load: (key) => corral.getOrLoad(key, load) },
    'lru-cache': { load: (key) => lru.fetch(key) },
    bentocache: {
      load: (key) => bento.getOrSet({ key, ttl: ttlMs, factory: () => source(key) }),
    },
    cacheable: {
      load: (key) => cacheable.getOrSet(key, () => source(key), { ttl: ttlMs }),
    },
    'cache-manager': { load: (key) => manager.wrap(key, () => source(key), ttlMs) },
    'async-cache-dedupe': {
      load: (key) => (dedupe as never as { load(key: string): Promise<object> }).load(key),
    },
    'p-memoize': { load: pMemo },
    'layered-loader': { load: (key) => layered.get(key) },
  };
}
