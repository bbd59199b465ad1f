import pg from 'pg';
import { inject } from 'vitest';
import { until } from '../until.ts';
import { createDatabase } from './postgres.ts';

/** A database of its own for one test file, on the server of the test run. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = inject('databaseUrl');
  const url = await createDatabase(server);
  const name = new URL(url).pathname.slice(1);
  return {
    url,
    drop: async () => {
      const client = new pg.Client({ connectionString: server });
      await client.connect();
      // A pool says that it has ended before its last socket is gone; a session cut off then is an error nobody expects.
      await until(async () => (await sessions(client, name)) === 0, { timeoutMs: 2_000 }).catch(() => {});
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await client.end();
    },
  };
}

async function sessions(client: pg.Client, database: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1',
    [database],
  );
  return rows[0]!.n;
}
