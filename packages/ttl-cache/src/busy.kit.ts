import { createTtlCache, type TtlCache, type TtlCacheOptions } from './index.ts';

/** A cache under load, and more load for it, after which its clock is coarse again. */
export function busy<Value>(
  options: TtlCacheOptions<Value>,
  filler: Value,
): { cache: TtlCache<Value>; work: () => void } {
  const cache = createTtlCache<Value>({ maxEntries: Infinity, ...options });
  const work = () => {
    for (let key = 0; key < 100; key++) {
      cache.set(`filler ${key}`, filler, { ttlMs: Infinity });
      cache.get(`filler ${key}`);
    }
  };
  work();
  return { cache, work };
}
