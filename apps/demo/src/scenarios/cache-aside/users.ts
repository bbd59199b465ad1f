import { createTtlCache, type CacheStats, type Tier } from '@corral/ttl-cache';
import type { Statements } from '../../db/statements.ts';
import type { StatementName, User } from './schema.ts';

/** How every route learns who calls. */
export interface Users {
  /** Stops waiting when `signal` aborts, and then rejects with its reason. */
  byId(id: number, signal: AbortSignal): Promise<User | undefined>;
}

/** Before: each caller asks the database, and one that has left is still being answered. */
export function usersFromDatabase(db: Statements<StatementName>): Users {
  return {
    byId: async (id, signal) => {
      signal.throwIfAborted();
      const [user] = await db.run<User>('GetUserByID', [id]);
      return user;
    },
  };
}

export interface CachedUsers extends Users {
  /** For the page's table of replicas. */
  held(): { seen: string; hits: number; loads: number };
  stats(): CacheStats;
  close(): void;
}

/**
 * After: memory, then Redis if there is a tier, then the database. Callers of one key share one load; none of them owns
 * it, so that the abort or deadline of one cannot fail the others. The reaper removes what nobody asks for again.
 */
export function cachedUsers(users: Users, ttlMs: number, tier?: Tier<User>): CachedUsers {
  const cache = createTtlCache<User, number>({ ttlMs, reapIntervalMs: 300_000, tier });
  return {
    byId: (id, signal) => cache.getOrLoad(id, (load) => users.byId(id, load.signal), { signal }),
    held: () => {
      const { size, hits, loads } = cache.stats();
      return { seen: `${size} users`, hits, loads };
    },
    stats: () => cache.stats(),
    close: () => cache.close(),
  };
}
