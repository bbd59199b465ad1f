import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { fakeClock, gate, until } from '@corral-internal/test-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Pool, PoolOptions } from '../src/index.ts';
import { killBackends, recorder, trackPools } from './harness.ts';

const pools = trackPools();
let database: { url: string; drop(): Promise<void> };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => pools.closeAll());

const open = (options: Partial<PoolOptions> = {}): Pool =>
  pools.open(database.url, { size: 1, overflow: 0, ...options });
const pidOf = async (pool: Pick<Pool, 'query'>): Promise<number> => {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
};

describe('an abort', () => {
  it('rejects at once with its reason, cancels on the server, and the connection stays', async () => {
    const pool = open();
    const pid = await pidOf(pool);
    const controller = new AbortController();
    const endless = pool.query('select pg_sleep(600)', [], { signal: controller.signal });
    await until(() => pool.holders()[0]?.state === 'running');

    controller.abort(new Error('the user left'));

    await expect(endless).rejects.toThrow('the user left');
    expect(await pidOf(pool)).toBe(pid);
    expect(pool.stats()).toMatchObject({ cancels: 1, destroyed: 0 });
  });

  it('in the queue ends that wait alone', async () => {
    const pool = open();
    const held = await pool.acquire();
    const controller = new AbortController();
    const left = pool.query('select 1', [], { signal: controller.signal });
    const stays = pool.query('select 2 as two');

    controller.abort(new Error('the user left'));
    await expect(left).rejects.toThrow('the user left');
    held.release();

    await expect(stays).resolves.toMatchObject({ rows: [{ two: 2 }] });
    expect(pool.stats()).toMatchObject({ waiting: 0, aborted: 1 });
  });

  it('that came before the call starts nothing', async () => {
    const pool = open();

    await expect(pool.query('select 1', [], { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow(
      'too late',
    );
    await expect(pool.acquire({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
    expect(pool.stats()).toMatchObject({ created: 0, waiting: 0 });
  });

  it('of one statement of a borrower leaves the connection to its next one', async () => {
    await using connection = await open().acquire();
    const controller = new AbortController();
    const endless = connection.query('select pg_sleep(600)', [], { signal: controller.signal });
    const queued = connection.query('select 2', [], { signal: controller.signal });
    controller.abort(new Error('the user left'));

    await expect(Promise.allSettled([endless, queued])).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    await expect(connection.query('select 3 as three')).resolves.toMatchObject({ rows: [{ three: 3 }] });
  });
});

describe('time-outs', () => {
  it('cancel the statement; the next borrower gets a clean connection', async () => {
    const pool = open();
    const pid = await pidOf(pool);

    await expect(pool.query('select pg_sleep(600)', [], { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ERR_QUERY_TIMEOUT',
      timeoutMs: 50,
    });

    expect(await pidOf(pool)).toBe(pid);
  });

  it('of the server are set when the connection is made', async () => {
    const pool = open({ timeouts: { statementMs: 50, lockMs: 40, idleInTransactionMs: 30_000 } });

    await expect(pool.query('select pg_sleep(600)')).rejects.toMatchObject({ code: '57014' });
    const { rows } = await pool.query(
      "select current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle",
    );
    expect(rows).toEqual([{ lock: '40ms', idle: '30s' }]);
  });

  it('of an idle transaction cost that transaction and no other', async () => {
    const pool = open({ timeouts: { idleInTransactionMs: 30 } });
    const ended = pool.tx(async (tx) => {
      await tx.query('select 1');
      await until(() => pool.stats().lost === 1);
      await tx.query('select 2');
    });

    await expect(ended).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: false, cause: { code: '25P03' } });
    await expect(pool.query('select 1')).resolves.toBeDefined();
  });
});

describe('bounds', () => {
  it('refuses the caller that is one too many', async () => {
    const pool = open({ maxWaiting: 1 });
    const held = await pool.acquire();
    const waiting = pool.acquire();

    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_FULL', stats: { waiting: 1 } });

    held.release();
    (await waiting).release();
  });

  it('opens overflow only for a caller that has waited, and closes it when nobody does', async () => {
    const pool = open({ overflow: 1, overflowAfterMs: 20 });
    const first = await pool.acquire();
    const second = await pool.acquire();
    expect(pool.stats()).toMatchObject({ open: 2, busy: 2 });

    second.release();
    first.release();

    await until(() => pool.stats().open === 1);
  });

  it('replaces a connection at its age, up to a tenth earlier', async () => {
    const clock = fakeClock();
    const pool = open({ recycleMs: 1_000, recycleJitter: 0.1, now: clock.now, prePing: false });
    const pid = await pidOf(pool);

    clock.advance(899);
    expect(await pidOf(pool)).toBe(pid);
    clock.advance(101);

    expect(await pidOf(pool)).not.toBe(pid);
  });

  it('keeps minIdle open from the start, and refills it', async () => {
    const admin = pools.open(database.url, { size: 1, overflow: 0 });
    const pool = open({ size: 3, minIdle: 2, name: 'kept', idleTimeoutMs: 40, backoff: { minMs: 1, maxMs: 5 } });
    await pool.ready();
    expect(pool.stats().open).toBeGreaterThanOrEqual(2);

    await until(async () => (await killBackends(admin, 'kept')) === 2);

    await until(() => pool.stats().lost === 2 && pool.stats().idle === 2, { label: 'two new connections' });
  });
});

describe('between two borrowers', () => {
  it('clean takes settings, LISTEN, advisory locks and temporary tables away', async () => {
    const pool = open({ reset: 'clean' });
    const first = await pool.acquire();
    await first.query("set work_mem = '1MB'");
    await first.query('listen left_behind');
    await first.query('select pg_advisory_lock(1)');
    await first.query('create temporary table left_behind (id int)');
    const pid = first.processId;
    first.release();

    const { rows } = await pool.query(`
      select pg_backend_pid() as pid, current_setting('work_mem') as work_mem, to_regclass('left_behind') as left_behind,
             (select count(*)::int from pg_listening_channels()) as channels,
             (select count(*)::int from pg_locks where locktype = 'advisory') as locks`);

    expect(rows).toEqual([{ pid, work_mem: '4MB', left_behind: null, channels: 0, locks: 0 }]);
  });

  it('a function may do it; one that fails costs the connection', async () => {
    let fails = false;
    const pool = open({ reset: (setup) => setup.query(fails ? 'select 1 / 0' : 'reset all') });
    const pid = await pidOf(pool);
    expect(await pidOf(pool)).toBe(pid);
    fails = true;
    await pidOf(pool);

    expect(await pidOf(pool)).not.toBe(pid);
  });

  it('a statement left running is cancelled', async () => {
    const pool = open();
    const careless = await pool.acquire();
    const forgotten = careless.query('select pg_sleep(600)').catch((error: unknown) => error);
    careless.release();

    await expect(pool.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    expect(await forgotten).toMatchObject({ code: '57014' });
    await expect(careless.query('select 1')).rejects.toMatchObject({ code: 'ERR_CONNECTION_RELEASED' });
  });

  it('onConnect prepares each connection; its SQL error fails the callers at once', async () => {
    const ready = open({ onConnect: (setup) => setup.query("set search_path to 'elsewhere'") });
    await expect(ready.query('show search_path')).resolves.toMatchObject({ rows: [{ search_path: 'elsewhere' }] });

    const broken = open({ onConnect: (setup) => setup.query('select * from missing') });
    await expect(broken.query('select 1')).rejects.toMatchObject({ code: '42P01' });
  });
});

describe('who holds what', () => {
  it('says label, state, statement and stack', async () => {
    const pool = open({ leak: { stacks: 'always' } });
    await using connection = await pool.acquire({ label: 'report' });
    const running = connection.query("select pg_sleep(0.1), 'a secret'");

    expect(pool.holders()).toMatchObject([
      {
        label: 'report',
        state: 'running',
        query: "select pg_sleep(0.1), '?'",
        stack: expect.stringContaining('limits.integration'),
      },
    ]);
    await running;
    expect(pool.holders()[0]).toMatchObject({ state: 'idle', sinceMs: expect.any(Number) });
  });

  it('reports a connection held too long, once, and never one that is meant to be held', async () => {
    const seen = recorder();
    const pool = open({ size: 2, leak: { warnMs: 20 }, onEvent: seen.onEvent });
    await using _leaked = await pool.acquire({ label: 'leaked' });
    await using _listener = await pool.acquire({ label: 'listener', leakMs: Infinity });

    await until(() => seen.of('leak').length > 0);
    await until(() => pool.holders().every(({ sinceMs }) => sinceMs > 80));

    expect(seen.of('leak')).toMatchObject([{ holder: { label: 'leaked', state: 'idle' } }]);
    expect(pool.stats().leaks).toBe(1);
  });

  it('finds the circle of nested acquires at once, and only breaks it once', async () => {
    const pool = open({ size: 4, acquireTimeoutMs: 60_000 });
    const all = gate();
    let inside = 0;

    const settled = await Promise.allSettled(
      Array.from({ length: 4 }, () =>
        pool.tx(async (tx) => {
          await tx.query('select 1');
          inside += 1;
          if (inside === 4) all.open();
          await all.promise;
          await pool.query('select 2');
        }),
      ),
    );

    const failed = settled.filter((one) => one.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ reason: { code: 'ERR_POOL_DEADLOCK', holders: { length: 4 } } });
  });

  it('does not take a nested statement that nobody waits for as a circle', async () => {
    const pool = open();
    let audit: Promise<unknown> | undefined;

    await pool.tx(async (tx) => {
      const main = tx.query('select pg_sleep(0.05)');
      audit = pool.query('select 1');
      await main;
    });

    await expect(audit).resolves.toBeDefined();
  });

  it('reports or refuses a nested acquire as told', async () => {
    const seen = recorder();
    const warned = open({ size: 2, onEvent: seen.onEvent });
    await warned.use(() => warned.query('select 1'));
    expect(seen.of('nested-acquire')).toHaveLength(1);

    const strict = open({ size: 2, nested: 'error' });
    await expect(strict.use(() => strict.query('select 1'))).rejects.toMatchObject({ code: 'ERR_POOL_DEADLOCK' });
  });
});
