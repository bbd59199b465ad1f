import { LRUCache } from 'lru-cache';
import { createTtlCache } from '../src/index.ts';
import { mixes } from './mixes.ts';

export interface HitRatio {
  readonly mix: string;
  readonly ours: number;
  readonly lru: number;
}

/** The share of reads that hit, with room for `maxEntries`, over `reads` reads of which a miss stores its key. */
export function hitRatios(maxEntries = 5_000, reads = 500_000): HitRatio[] {
  return Object.entries(mixes).map(([mix, make]) => {
    const ours = createTtlCache<number, number>({ ttlMs: Infinity, maxEntries });
    const lru = new LRUCache<number, number>({ max: maxEntries });
    const next = make();
    const hits = { ours: 0, lru: 0 };
    for (let read = 0; read < reads; read++) {
      const key = next();
      if (ours.get(key) === undefined) ours.set(key, key);
      else hits.ours++;
      if (lru.get(key) === undefined) lru.set(key, key);
      else hits.lru++;
    }
    ours.close();
    return { mix, ours: hits.ours / reads, lru: hits.lru / reads };
  });
}
