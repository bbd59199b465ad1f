// Prints the heap bytes that an entry takes in a cache with a million small values; run with --expose-gc and a name.
import { TTLCache } from '@isaacs/ttlcache';
import { LRUCache } from 'lru-cache';
import { createTtlCache } from '../src/index.ts';

const count = 1_000_000;
const ttlMs = 3_600_000;
const keys = Array.from({ length: count }, (_, index) => `key:${index}`);

const makers: Record<string, () => { set(key: string, value: number): unknown }> = {
  'bare Map': () => new Map<string, number>(),
  '@corral/ttl-cache': () => createTtlCache<number>({ ttlMs, maxEntries: count }),
  'lru-cache': () => new LRUCache<string, number>({ max: count, ttl: ttlMs }),
  '@isaacs/ttlcache': () => new TTLCache<string, number>({ max: count, ttl: ttlMs }),
};

function used(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const name = process.argv[2] ?? '';
const before = used();
const cache = makers[name]!();
for (let index = 0; index < count; index++) cache.set(keys[index]!, index);
console.log(((used() - before) / count).toFixed(1));
// Keeps both alive until here.
cache.set(keys[0]!, 1);
process.exit();
