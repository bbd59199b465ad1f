import { createPool } from '@corral/db-pool';
import { createStatements } from '../../db/statements.ts';
import type { BuildReplica } from '../../replica/contract.ts';
import { bodiesFromDatabase } from './bodies.ts';
import { addCachedRoutes, addRebuildingRoutes, type ResponseCacheSettings } from './routes.ts';
import { statements } from './schema.ts';

/** `before` builds each answer; `after` sends cached bytes with a tag. */
export const buildResponseCache: BuildReplica<ResponseCacheSettings> = async (app, start) => {
  const { composition, settings, databaseUrl, index } = start;
  const pool = createPool({
    connection: databaseUrl,
    name: `replica-${index}`,
    size: 6,
    overflow: 0,
    acquireTimeoutMs: 30_000,
  });
  const db = createStatements(pool, statements);
  const bodies = bodiesFromDatabase(pool, db);
  const cache = composition === 'before' ? undefined : await addCachedRoutes(app, bodies, settings);
  if (cache === undefined) addRebuildingRoutes(app, bodies);

  return {
    counts: db.counts,
    held: () => cache?.held() ?? { seen: 'built each time' },
    stats: () => ({ pool: pool.stats(), cache: cache?.stats() }),
    close: async () => {
      cache?.close();
      await pool.close();
    },
  };
};
