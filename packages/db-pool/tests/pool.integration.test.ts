import { afterEach, describe, expect, inject, it } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createPool, type Pool, type PoolOptions } from '../src/index.ts';

const pools: Pool[] = [];

function open(options: Partial<PoolOptions> = {}): Pool {
  const pool = createPool({ connection: inject('databaseUrl'), ...options });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close({ timeoutMs: 0 })));
});

describe('query', () => {
  it('answers as pg does', async () => {
    const { rows, rowCount } = await open().query<{ sum: number }>('select $1::int + 2 as sum', [40]);

    expect(rows).toEqual([{ sum: 42 }]);
    expect(rowCount).toBe(1);
  });

  it('rejects with the driver’s own error, and keeps the connection', async () => {
    const pool = open({ size: 1, overflow: 0 });
    const {
      rows: [before],
    } = await pool.query('select pg_backend_pid() as pid');

    await expect(pool.query('select 1 / 0')).rejects.toMatchObject({ code: '22012', severity: 'ERROR' });

    const {
      rows: [after],
    } = await pool.query('select pg_backend_pid() as pid');
    expect(after).toEqual(before);
  });
});

describe('acquire', () => {
  it('serves callers first come, first served', async () => {
    const pool = open({ size: 1, overflow: 0 });
    const held = await pool.acquire();
    const order: number[] = [];
    const callers = [1, 2, 3].map(async (number) => {
      const connection = await pool.acquire();
      order.push(number);
      connection.release();
    });

    held.release();
    await Promise.all(callers);

    expect(order).toEqual([1, 2, 3]);
  });

  it('ends at its deadline and names who holds the connection', async () => {
    const pool = open({ size: 1, overflow: 0 });
    await using held = await pool.acquire({ label: 'nightly report' });
    await held.query('begin');

    const error = await pool.acquire({ timeoutMs: 20 }).catch((error: unknown) => error);

    expect(error).toMatchObject({
      code: 'ERR_POOL_ACQUIRE_TIMEOUT',
      phase: 'queue',
      holders: [{ label: 'nightly report', state: 'transaction' }],
    });
    expect(pool.stats()).toMatchObject({ waiting: 0, timedOut: 1 });
  });

  it('rolls back what a borrower left open', async () => {
    const pool = open({ size: 1, overflow: 0 });
    const first = await pool.acquire();
    await first.query('begin');
    await first.query('create temporary table left_open (id int)');
    first.release();

    const { rows } = await pool.query("select to_regclass('left_open') as left_open");

    expect(rows).toEqual([{ left_open: null }]);
  });
});

describe('tx', () => {
  it('commits, and rolls back when the callback rejects', async () => {
    const pool = open();
    await pool.query('create table if not exists tx_smoke (id int)');
    await pool.query('truncate tx_smoke');

    await pool.tx((tx) => tx.query('insert into tx_smoke values (1)'));
    const refused = pool.tx(async (tx) => {
      await tx.query('insert into tx_smoke values (2)');
      throw new Error('no');
    });

    await expect(refused).rejects.toThrow('no');
    const { rows } = await pool.query('select id from tx_smoke');
    expect(rows).toEqual([{ id: 1 }]);
  });

  it('reports a COMMIT that was answered by ROLLBACK', async () => {
    const pool = open();

    const swallowed = pool.tx(async (tx) => {
      await tx.query('select 1 / 0').catch(() => undefined);
    });

    await expect(swallowed).rejects.toMatchObject({ code: 'ERR_TX_ABORTED', cause: { code: '22012' } });
  });

  it('refuses another async context', async () => {
    const pool = open();
    const hold = gate();
    let leaked: { query(text: string): Promise<unknown> } | undefined;
    const running = pool.tx(async (tx) => {
      leaked = tx;
      await hold.promise;
    });
    await expect.poll(() => leaked).toBeDefined();

    await expect(leaked?.query('select 1')).rejects.toMatchObject({ code: 'ERR_TX_FOREIGN_CONTEXT' });

    hold.open();
    await running;
    await expect(leaked?.query('select 1')).rejects.toMatchObject({ code: 'ERR_TX_CLOSED' });
  });

  it('fails a nested acquire that could never be served', async () => {
    const pool = open({ size: 1, overflow: 0 });

    const nested = pool.tx(async () => {
      await pool.query('select 1');
    });

    await expect(nested).rejects.toMatchObject({ code: 'ERR_POOL_DEADLOCK' });
  });
});

it('validates a fleet against the server', async () => {
  const report = await open({ size: 100, overflow: 50 }).validate({ processes: 4 });

  expect(report).toMatchObject({ ok: false, requested: 600 });
  expect((report.suggested.size + report.suggested.overflow) * 4).toBeLessThanOrEqual(report.available);
});
