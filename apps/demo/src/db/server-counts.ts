import type { Session } from './session.ts';
import { nameOf } from './statements.ts';

/** What Postgres itself counts. */
export interface ServerCounts {
  readonly available: boolean;
  /** Forgets the counts of this database alone. */
  reset(): Promise<void>;
  /** Calls of each named statement since the last reset. */
  read(): Promise<Record<string, number>>;
}

/** Reads `pg_stat_statements` of the database that `client` is connected to; `available` is false where the server lacks it. */
export async function createServerCounts(client: Session): Promise<ServerCounts> {
  const ownDatabase = '(SELECT oid FROM pg_database WHERE datname = current_database())';
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await client.query('SELECT count(*) FROM pg_stat_statements');
  } catch {
    return { available: false, reset: async () => {}, read: async () => ({}) };
  }
  return {
    available: true,
    reset: async () => {
      await client.query(`SELECT pg_stat_statements_reset(0, ${ownDatabase}, 0)`);
    },
    read: async () => {
      const { rows } = await client.query<{ query: string; calls: string }>(
        `SELECT query, calls FROM pg_stat_statements WHERE dbid = ${ownDatabase}`,
      );
      const counts: Record<string, number> = {};
      for (const { query, calls } of rows) {
        const name = nameOf(query);
        if (name !== undefined) counts[name] = (counts[name] ?? 0) + Number(calls);
      }
      return counts;
    },
  };
}
