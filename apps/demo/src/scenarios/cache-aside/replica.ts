import { once } from 'node:events';
import { createPool } from '@corral/db-pool';
import { createRedisTier, type RedisTier } from '@corral/ttl-cache/redis';
import { Redis } from 'ioredis';
import { createStatements } from '../../db/statements.ts';
import type { BuildReplica } from '../../replica/contract.ts';
import { measureSweep } from './sweep.ts';
import { addUserRoutes } from './routes.ts';
import { statements, type User } from './schema.ts';
import { cachedUsers, usersFromDatabase, type CachedUsers } from './users.ts';

export interface CacheAsideReplica {
  ttlMs: number;
  /** Begins every key in Redis, so that each phase starts cold. */
  prefix: string;
}

/** `before` asks the database, `memory` caches in each process, `after` adds Redis with a lease over all processes. */
export type Composition = 'before' | 'memory' | 'after';

/** The most that a call spends on Redis while that is away, milliseconds. */
export const redisTimeoutMs = 500;

export const buildCacheAside: BuildReplica<CacheAsideReplica> = async (app, start) => {
  const { composition, settings, databaseUrl, redisUrl, index } = start;
  const pool = createPool({
    connection: databaseUrl,
    name: `replica-${index}`,
    size: 20,
    overflow: 0,
    acquireTimeoutMs: 30_000,
  });
  const db = createStatements(pool, statements);
  const source = usersFromDatabase(db);

  const redis = composition === 'after' ? await openRedis(redisUrl!) : undefined;
  const tier = redis && createRedisTier<User>(redis, { prefix: settings.prefix, timeoutMs: redisTimeoutMs, lease: {} });
  const cache: CachedUsers | undefined =
    composition === 'before' ? undefined : cachedUsers(source, settings.ttlMs, tier);
  const users = cache ?? source;
  const lookups = addUserRoutes(app, users);

  return {
    counts: db.counts,
    held: () => cache?.held() ?? { seen: 'read each time' },
    stats: () => ({ pool: pool.stats(), lookups: { ...lookups }, cache: cache?.stats(), tier: tier?.stats() }),
    commands: {
      lookups: () => ({ ...lookups }),
      abortedCaller: async () =>
        users.byId(1, AbortSignal.abort()).then(
          () => 'answered',
          () => 'refused',
        ),
      sweep: measureSweep,
    },
    close: () => close(cache, tier, redis, () => pool.close()),
  };
};

/** A client that says at once when Redis is away, instead of keeping commands for later. */
async function openRedis(url: string): Promise<Redis> {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 100 });
  redis.on('error', () => {}); // the tier says what its calls suffer
  if (redis.status !== 'ready') await once(redis, 'ready'); // a replica that is starting up asks nobody yet
  return redis;
}

async function close(
  cache: CachedUsers | undefined,
  tier: RedisTier<User> | undefined,
  redis: Redis | undefined,
  closePool: () => Promise<unknown>,
): Promise<void> {
  cache?.close();
  await tier?.close();
  redis?.disconnect();
  await closePool();
}
