import type { Pool } from '@corral/db-pool';
import type { Statements } from '../../db/statements.ts';
import { pageSize, type StatementName } from './schema.ts';

/** The bodies of the two hot endpoints, as JSON. */
export interface Bodies {
  /** Waits for the lock. Nobody waits for a connection any longer when `signal` aborts; a query that runs is left alone. */
  activeChallenges(signal: AbortSignal): Promise<string>;
  leaderboard(cursor: number, signal: AbortSignal): Promise<string>;
}

/** Builds each body from the database, every time. */
export function bodiesFromDatabase(pool: Pool, db: Statements<StatementName>): Bodies {
  const rows = (name: StatementName, values: unknown[], signal: AbortSignal): Promise<unknown[]> =>
    pool.use((connection) => db.run(name, values, connection), { signal });
  return {
    activeChallenges: async (signal) => JSON.stringify({ challenges: await rows('BuildActiveChallenges', [], signal) }),
    leaderboard: async (cursor, signal) =>
      JSON.stringify({ cursor, entries: await rows('GetLeaderboardPage', [cursor, pageSize], signal) }),
  };
}
