import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startProxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { killBackends, recorder, startPostgres, trackPools, workers, type PostgresServer } from './harness.ts';

const pools = trackPools();
let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});
afterEach(() => pools.closeAll());
afterAll(() => server.close());

describe('a server that restarts', () => {
  it('costs the statements in flight and nothing else', async () => {
    const seen = recorder();
    const pool = pools.open(server.url, { size: 10, overflow: 0, acquireTimeoutMs: 20_000, onEvent: seen.onEvent });
    await pool.ready();
    const load = workers(64, () => pool.query('select pg_sleep(0.002)'));
    await until(() => load.done > 200);

    await server.stop();
    const connectsBefore = pool.stats().connectErrors;
    await until(() => pool.stats().connectErrors > connectsBefore + 2);
    expect(pool.health()).toMatchObject({ ok: false, state: 'down' });
    await server.start();
    const doneAtStart = load.done;
    await until(() => load.done > doneAtStart + 200);
    await load.stop();

    expect(load.errors.length).toBeLessThanOrEqual(10);
    for (const error of load.errors) expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: true });
    expect(pool.stats().connectErrors).toBeLessThan(100);
    expect(pool.health()).toMatchObject({ ok: true, state: 'up' });
    expect(seen.of('down').length).toBeGreaterThan(0);
    expect(seen.of('up').length).toBeGreaterThan(0);
  });

  it('also when it is killed outright', async () => {
    const pool = pools.open(server.url, { size: 5, overflow: 0, acquireTimeoutMs: 20_000 });
    await pool.ready();
    const load = workers(20, () => pool.query('select pg_sleep(0.002)'));
    await until(() => load.done > 50);

    await server.kill();
    await server.start();
    const doneAtStart = load.done;
    await until(() => load.done > doneAtStart + 100);
    await load.stop();

    expect(load.errors.length).toBeLessThanOrEqual(5);
  });
});

describe('backends that are killed', () => {
  it('fail their own statement and no other', async () => {
    const admin = pools.open(server.url, { size: 1, overflow: 0, name: 'admin' });
    const pool = pools.open(server.url, { size: 20, overflow: 0, name: 'victims', acquireTimeoutMs: 20_000 });
    const all = Promise.allSettled(Array.from({ length: 64 }, () => pool.query('select pg_sleep(0.3)')));
    await until(() => pool.stats().busy === 20 && pool.holders().every(({ state }) => state === 'running'));

    await killBackends(admin, 'victims');
    const settled = await all;

    const failed = settled.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeLessThanOrEqual(20);
    expect(settled.length - failed.length).toBeGreaterThanOrEqual(44);
  });

  it('are found by the ping before anybody gets them', async () => {
    const admin = pools.open(server.url, { size: 1, overflow: 0, name: 'admin' });
    const pool = pools.open(server.url, { size: 20, overflow: 0, name: 'idle-victims', prePing: 'always' });
    await Promise.all(Array.from({ length: 20 }, () => pool.query('select pg_sleep(0.05)')));
    expect(pool.stats().idle).toBe(20);

    const killed = killBackends(admin, 'idle-victims');
    const answers = Promise.all(Array.from({ length: 20 }, () => pool.query('select 1')));

    await expect(answers).resolves.toHaveLength(20);
    expect(await killed).toBe(20);
  });

  it('put the others under suspicion: one loss, and each is asked before it is lent', async () => {
    const admin = pools.open(server.url, { size: 1, overflow: 0 });
    const pool = pools.open(server.url, { size: 3, overflow: 0, prePing: false });
    await Promise.all([1, 2, 3].map(() => pool.query('select pg_sleep(0.02)')));
    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await until(() => pool.stats().lost === 1);

    await Promise.all([pool.query('select 1'), pool.query('select 1')]);

    expect(pool.stats().pings).toBe(2);
  });
});

describe('a frozen server', () => {
  it('keeps every deadline, and is used again when it thaws', async () => {
    const pool = pools.open(server.url, { size: 2, overflow: 0 });
    await Promise.all([pool.query('select 1'), pool.query('select 1')]);
    server.pause();
    try {
      const overdue = pool.query('select 1', [], { timeoutMs: 100 });
      const waiting = pool.acquire({ timeoutMs: 150 }).then(
        (connection) => connection.release(),
        (error: unknown) => error,
      );

      await expect(overdue).rejects.toMatchObject({ code: expect.stringMatching(/ERR_(QUERY|POOL_ACQUIRE)_TIMEOUT/) });
      await waiting;
      await expect(pool.query('select 1', [], { timeoutMs: 100 })).rejects.toMatchObject({ code: expect.any(String) });
    } finally {
      server.resume();
    }

    await expect(pool.query('select 1 as one', [], { timeoutMs: 20_000 })).resolves.toMatchObject({
      rows: [{ one: 1 }],
    });
  });
});

describe('a network that goes silent', () => {
  it('does not eat the budget: the ping has a deadline of its own', async () => {
    const proxy = await startProxy({ port: server.port });
    const url = new URL(server.url);
    url.port = String(proxy.port);
    const pool = pools.open(url.href, {
      size: 1,
      overflow: 0,
      prePing: { idleMs: 0, timeoutMs: 50 },
      connectTimeoutMs: 200,
    });
    await pool.query('select 1');

    proxy.blackhole();
    const caller = pool.query('select 1 as one', [], { timeoutMs: 20_000 });
    await until(() => pool.stats().pingFailures === 1);
    await proxy.heal();

    await expect(caller).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await pool.close();
    await proxy.close();
  });

  it('ends a connect attempt at its deadline, and a later one serves the caller', async () => {
    const proxy = await startProxy({ port: server.port });
    proxy.blackhole();
    const url = new URL(server.url);
    url.port = String(proxy.port);
    const pool = pools.open(url.href, { size: 1, overflow: 0, connectTimeoutMs: 50, acquireTimeoutMs: 20_000 });

    const caller = pool.query('select 1 as one');
    await until(() => pool.stats().connectErrors > 1);
    await proxy.heal();

    await expect(caller).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await pool.close();
    await proxy.close();
  });
});

describe('a mistake in the configuration', () => {
  it('fails at once for an unknown database', async () => {
    const url = new URL(server.url);
    url.pathname = '/nowhere';
    const pool = pools.open(url.href, { acquireTimeoutMs: 30_000 });

    await expect(pool.query('select 1')).rejects.toMatchObject({ code: '3D000' });
    expect(pool.stats().connectErrors).toBe(1);
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: '3D000' });
  });

  it('fails at once for a wrong password', async () => {
    const guarded = await startPostgres({ password: 'right' });
    try {
      const url = new URL(guarded.url);
      url.password = 'wrong';
      const pool = pools.open(url.href, { acquireTimeoutMs: 30_000 });

      await expect(pool.ready()).rejects.toMatchObject({ code: '28P01' });
      expect(JSON.stringify(pool.health())).not.toContain('wrong');
    } finally {
      await guarded.close();
    }
  });
});
