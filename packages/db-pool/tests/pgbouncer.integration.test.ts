import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { until } from '@corral-internal/test-kit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Pool, PoolOptions } from '../src/index.ts';
import { trackPools } from './harness.ts';
import { startPgBouncer, type PgBouncer } from './pgbouncer.ts';

const SERVER_CONNECTIONS = 2;
const pools = trackPools();
let database: { url: string; drop(): Promise<void> };
let bouncer: PgBouncer;

beforeAll(async () => {
  database = await createTestDatabase();
  bouncer = await startPgBouncer(database.url, SERVER_CONNECTIONS);
}, 180_000);
afterEach(() => pools.closeAll());
afterAll(async () => {
  await bouncer.close();
  await database.drop();
});

const open = (options: Partial<PoolOptions> = {}): Pool =>
  pools.open(bouncer.url, { size: 6, overflow: 0, pooler: 'pgbouncer-transaction', ...options });

it('keeps the statement limit without a startup parameter, and the connection', async () => {
  const pool = open({ size: 1, timeouts: { statementMs: 100 } });
  await pool.query('select 1');

  await expect(pool.query('select pg_sleep(600)')).rejects.toMatchObject({ code: 'ERR_QUERY_TIMEOUT' });

  await expect(pool.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  expect(pool.stats()).toMatchObject({ created: 1, destroyed: 0 });
});

it('sends the limits of a transaction with its BEGIN, and leaves nothing on the shared server connection', async () => {
  const pool = open({ timeouts: { statementMs: 4_000, idleInTransactionMs: 5_000, lockMs: 3_000 } });
  const settings = `select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
    current_setting('idle_in_transaction_session_timeout') as idle`;

  const inside = await pool.tx(async (tx) => (await tx.query(settings)).rows);
  const outside = (await pool.query(settings)).rows;

  expect(inside).toEqual([{ statement: '4s', lock: '3s', idle: '5s' }]);
  expect(outside).toEqual([{ statement: '0', lock: '0', idle: '0' }]);
});

it('lets the server’s own limit end a statement in a transaction', async () => {
  const pool = open({ timeouts: { statementMs: 100 } });

  const ended = pool.tx((tx) => tx.query('select pg_sleep(600)', [], { timeoutMs: 30_000 }));

  await expect(ended).rejects.toMatchObject({ code: '57014' });
});

it('never cancels the statement of the next borrower', async () => {
  const pool = open({ size: 4 });
  const victims: unknown[] = [];
  for (let round = 0; round < 20; round += 1) {
    const controller = new AbortController();
    const aborted = pool.query('select pg_sleep(600)', [], { signal: controller.signal }).catch(() => undefined);
    await until(() => pool.holders().some(({ state }) => state === 'running'));
    controller.abort(new Error('left'));
    const answers = await Promise.allSettled(Array.from({ length: 6 }, () => pool.query('select pg_sleep(0.005)')));
    await aborted;
    victims.push(...answers.filter(({ status }) => status === 'rejected'));
  }

  expect(victims).toEqual([]);
});

it('pipelines', async () => {
  const pool = open({ size: 2, pipeline: { depth: 16 } });

  const settled = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => pool.query('select 10 / $1::int as share', [index % 2])),
  );

  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(50);
});

it('is found by validate() where nobody told the pool', async () => {
  const told = await open().validate({ processes: 1 });
  const untold = await open({ pooler: 'none' }).validate({ processes: 1 });

  expect(untold.warnings.join('\n')).toContain('a connection pooler stands before the server');
  expect(told.warnings.join('\n')).not.toContain('a connection pooler stands before the server');
});

it('refuses a session reset that would mean nothing', () => {
  expect(() => open({ reset: 'discard' })).toThrow("reset: 'discard' means nothing behind a transaction pooler");
});
