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

export const mapName = 'bare Map';

export interface SyncCache {
  get(key: string): unknown;
  set(key: string, value: object): unknown;
}

/** Caches that are read and written synchronously, each with a TTL, bounded to `max` entries. */
export function syncCaches(max: number): Record<string, () => SyncCache> {
  return {
    [mapName]: () => new Map<string, object>(),
    '@corral/ttl-cache': () => createTtlCache<object>({ ttlMs, maxEntries: max }),
    'lru-cache': () => new LRUCache<string, object>({ max, ttl: ttlMs }),
    '@isaacs/ttlcache': () => new TTLCache<string, object>({ max, ttl: ttlMs }),
  };
}

export interface LoadingCache {
  load(key: string): Promise<unknown>;
}

/** What people write where they have no cache. */
export const memoName = 'Map memo';

/** Caches that load what is missing, by `source`. */
export function loadingCaches(
  source: (key: string) => Promise<object>,
  max: number,
): Record<string, () => LoadingCache> {
  return {
    [memoName]: () => {
      const memo = new Map<string, Promise<object>>();
      return {
        load: async (key) => {
          const known = memo.get(key);
          if (known !== undefined) return known;
          const loading = source(key);
          memo.set(key, loading);
          return loading;
        },
      };
    },
    '@corral/ttl-cache': () => {
      const cache = createTtlCache<object>({ ttlMs, maxEntries: max });
      const load = ({ key }: { key: string }) => source(key);
      return { load: (key) => cache.getOrLoad(key, load) };
    },
    'lru-cache': () => {
      const cache = new LRUCache<string, object>({ max, ttl: ttlMs, fetchMethod: source });
      return { load: (key) => cache.fetch(key) };
    },
    bentocache: () => {
      const cache = new BentoCache({
        default: 'memory',
        stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: max, serialize: false })) },
      });
      return { load: (key) => cache.getOrSet({ key, ttl: ttlMs, factory: () => source(key) }) };
    },
    cacheable: () => {
      const cache = new Cacheable({ ttl: ttlMs });
      return { load: (key) => cache.getOrSet(key, () => source(key), { ttl: ttlMs }) };
    },
    'cache-manager': () => {
      const cache = createManager({ ttl: ttlMs });
      return { load: (key) => cache.wrap(key, () => source(key), ttlMs) };
    },
    'async-cache-dedupe': () => {
      const options = { ttl: ttlMs / 1_000, storage: { type: 'memory', options: { size: max } } } as const;
      const cache: unknown = createDedupe(options).define('load', source);
      return { load: (key) => (cache as LoadingCache).load(key) };
    },
    'p-memoize': () => {
      const held = new Map<string, { data: object; maxAge: number }>();
      return { load: pMemoize(source, { cache: held as never }) };
    },
    'layered-loader': () => {
      const loader = new Loader<object>({
        inMemoryCache: { cacheType: 'lru-object', ttlInMsecs: ttlMs, maxItems: max },
        dataSources: [{ get: (key: string) => source(key) }] as never,
      });
      return { load: (key) => loader.get(key) };
    },
  };
}
