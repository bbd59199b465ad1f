import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import type { QueryResult } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Pool, Tx } from '../src/index.ts';
import { trackPools, type Pools } from './harness.ts';

/** A database of its own for a test file: each test finds an empty table `notes` and a pool of four connections. */
export interface Notes {
  readonly url: string;
  readonly pool: Pool;
  readonly open: Pools['open'];
  insert(tx: Pick<Tx, 'query'>, id: number): Promise<QueryResult>;
  ids(): Promise<number[]>;
}

/** To be called once at the top of a file: it registers the hooks. */
export function useNotes(): Notes {
  const pools = trackPools();
  let database: { url: string; drop(): Promise<void> };
  let pool: Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    await pools.open(database.url).query('create table notes (id int primary key, body text)');
  });
  beforeEach(async () => {
    pool = pools.open(database.url, { size: 4, overflow: 0 });
    await pool.query('truncate notes');
  });
  afterEach(() => pools.closeAll());
  afterAll(() => database.drop());

  return {
    get url() {
      return database.url;
    },
    get pool() {
      return pool;
    },
    open: (url, options) => pools.open(url, options),
    insert: (tx, id) => tx.query('insert into notes values ($1)', [id]),
    ids: async () => {
      const { rows } = await pool.query<{ id: number }>('select id from notes order by id');
      return rows.map((row) => row.id);
    },
  };
}
