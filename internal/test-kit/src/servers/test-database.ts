import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase } from './postgres.ts';

/** A database of its own for one test file, on the server of the test run. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = inject('databaseUrl');
  const url = await createDatabase(server);
  return {
    url,
    drop: async () => {
      const client = new pg.Client({ connectionString: server });
      await client.connect();
      await client.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
      await client.end();
    },
  };
}
