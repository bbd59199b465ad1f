import { Socket } from 'node:net';
import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { until } from '@corral-internal/test-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Pool, PoolOptions } from '../src/index.ts';
import { trackPools } from './harness.ts';

const pools = trackPools();
let database: { url: string; drop(): Promise<void> };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => pools.closeAll());

const open = (options: Partial<PoolOptions> = {}): Pool =>
  pools.open(database.url, { size: 2, overflow: 0, ...options });

describe('close', () => {
  it('serves who waits, refuses who comes, and leaves no connection behind', async () => {
    const admin = pools.open(database.url, { size: 1, overflow: 0 });
    const pool = open({ size: 1, name: 'leaving' });
    const held = await pool.acquire();
    const waiting = pool.query('select 1 as one');

    const closed = pool.close();
    await expect(pool.query('select 2')).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
    expect(pool.health()).toMatchObject({ ok: false, state: 'draining' });
    held.release();

    await expect(waiting).resolves.toMatchObject({ rows: [{ one: 1 }] });
    expect(await closed).toEqual({ forced: 0 });
    await until(
      async () =>
        (await admin.query("select 1 from pg_stat_activity where application_name = 'leaving'")).rowCount === 0,
    );
    expect(pool.stats()).toMatchObject({ open: 0, waiting: 0 });
  });

  it('after its time cancels what runs and rejects who waits', async () => {
    const pool = open({ size: 1 });
    const endless = pool.query('select pg_sleep(600)').catch((error: unknown) => error);
    await until(() => pool.holders().length === 1);
    const waiting = pool.query('select 1').catch((error: unknown) => error);

    expect(await pool.close({ timeoutMs: 20 })).toEqual({ forced: 1 });

    expect(await waiting).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    expect(await endless).toMatchObject({ code: '57014' });
  });

  it('is idempotent, also while a connection is being made', async () => {
    const pool = open({ minIdle: 2 });

    const [first, second] = await Promise.all([pool.close(), pool.close()]);

    expect(first).toBe(second);
    expect(pool.stats()).toMatchObject({ open: 0, connecting: 0 });
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
  });

  it('comes with await using', async () => {
    let seen: Pool | undefined;
    {
      await using pool = open();
      await pool.query('select 1');
      seen = pool;
    }
    expect(seen.stats().open).toBe(0);
  });
});

describe('suspend and resume', () => {
  it('turn a planned failover into a wait', async () => {
    const pool = open();
    await pool.query('select 1');
    pool.suspend();
    pool.invalidate('failover');
    const waiting = pool.query('select 1 as one');
    await expect(pool.acquire({ timeoutMs: 10 })).rejects.toMatchObject({
      code: 'ERR_POOL_ACQUIRE_TIMEOUT',
      phase: 'suspended',
    });
    expect(pool.stats()).toMatchObject({ open: 0, waiting: 1 });

    pool.resume();

    await expect(waiting).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });
});

describe('invalidate', () => {
  it('replaces idle connections at once and lent ones when they come back', async () => {
    const pool = open();
    const [lent, idle] = [await pool.acquire(), await pool.acquire()];
    const pids = new Set([lent.processId, idle.processId]);
    idle.release();

    pool.invalidate('failover');
    expect(pool.stats().open).toBe(1);
    await expect(lent.query('select 1')).resolves.toBeDefined();
    lent.release();
    expect(pool.stats().open).toBe(0);

    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    expect(pids).not.toContain(rows[0]?.pid);
  });
});

describe('setSize', () => {
  it('grows and shrinks', async () => {
    const pool = open({ size: 1 });
    const first = await pool.acquire();
    const second = pool.acquire();
    pool.setSize({ size: 2 });
    (await second).release();
    first.release();
    expect(pool.stats()).toMatchObject({ size: 2, open: 2 });

    pool.setSize({ size: 1 });

    expect(pool.stats()).toMatchObject({ size: 1, open: 1 });
    expect(() => pool.setSize({ size: 0 })).toThrow('size: expected an integer >= 1, got 0');
  });
});

describe('pipelining', () => {
  it('carries many statements on one connection and keeps their errors apart', async () => {
    const pool = open({ size: 1, pipeline: { depth: 32 } });
    await pool.ready();

    const settled = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => pool.query('select 10 / $1::int as share', [index % 3])),
    );

    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(10);
    expect(settled[1]).toMatchObject({ status: 'fulfilled', value: { rows: [{ share: 10 }] } });
    expect(pool.stats()).toMatchObject({ created: 1, queries: 31 - 1 });
  });

  it('sends what one turn of the event loop brings in one write', async () => {
    let writes = 0;
    class Counted extends Socket {
      override _write(...args: Parameters<Socket['_write']>): void {
        writes += 1;
        super._write(...args);
      }

      override _writev(...args: Parameters<NonNullable<Socket['_writev']>>): void {
        writes += 1;
        super._writev?.(...args);
      }
    }
    const connection = { connectionString: database.url, stream: () => new Counted() };
    const pool = pools.open(connection, { size: 1, overflow: 0, pipeline: { depth: 32 } });
    await pool.ready();
    writes = 0;

    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => pool.query('select $1::int as n', [n])));

    expect(answers.map(({ rows }) => rows[0])).toEqual(Array.from({ length: 20 }, (_, n) => ({ n })));
    expect(writes).toBe(1);
  });

  it('gives a connection of its own to what would change the session, in turn', async () => {
    const pool = open({ size: 1, pipeline: { depth: 8 } });
    await pool.query('create table if not exists turns (id int)');
    const statements = [
      pool.query('insert into turns values (1)'),
      pool.query('begin'),
      pool.query('insert into turns values (2)'),
      pool.tx((tx) => tx.query('insert into turns values (3)')),
      pool.query('insert into turns values (4)'),
    ];
    await Promise.all(statements);

    const { rows } = await pool.query('select id from turns order by id');
    expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
  });

  it('hurts no neighbour when a caller leaves', async () => {
    const pool = open({ size: 1, pipeline: { depth: 8 } });
    await pool.ready();
    const controller = new AbortController();
    const slow = pool.query('select pg_sleep(0.1), 1 as one');
    const left = pool.query('select pg_sleep(0.05)', [], { signal: controller.signal });
    const last = pool.query('select 3 as three');

    controller.abort(new Error('left'));

    await expect(left).rejects.toThrow('left');
    await expect(slow).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await expect(last).resolves.toMatchObject({ rows: [{ three: 3 }] });
    expect(pool.stats().cancels).toBe(0);
  });
});
