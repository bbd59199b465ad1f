import { gate, until } from '@corral-internal/test-kit';
import type { ClientConfig } from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemorySocket } from '../tests/memory-server.ts';
import { createPool, type Pool } from './index.ts';

const pools: Pool[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(pools.splice(0).map((pool) => pool.close({ timeoutMs: 0 })));
});

/** The nth connection behaves as `behave` says: it may fail when its promise rejects, or be served. */
function open(
  behave: (attempt: number) => Promise<void> | undefined,
  options: { size: number; connectTimeoutMs?: number },
): { pool: Pool; attempts: () => number } {
  let attempts = 0;
  const stream = (): MemorySocket => {
    const trouble = behave((attempts += 1));
    const socket = new MemorySocket(attempts);
    if (trouble) {
      socket.connect = () => socket;
      trouble.catch((error: Error) => socket.destroy(error));
    }
    return socket;
  };
  const connection = memory(stream);
  const pool = createPool({
    connection,
    overflow: 0,
    acquireTimeoutMs: 20_000,
    backoff: { minMs: 1, maxMs: 1 },
    ...options,
  });
  pools.push(pool);
  return { pool, attempts: () => attempts };
}

const memory = (stream: () => MemorySocket): ClientConfig => ({ stream, host: 'memory', password: '' });
const refused = (): Error => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

describe('a volley of attempts', () => {
  it('goes on when its slowest failure comes after the back-off is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const slow = gate();
    const { pool, attempts } = open(
      (attempt) => (attempt === 1 ? Promise.reject(refused()) : attempt <= 3 ? slow.promise : undefined),
      { size: 3 },
    );
    const answers = [1, 2, 3].map(() => pool.query('select 1'));
    while (pool.stats().connectErrors === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(5);

    slow.fail(refused());

    vi.useRealTimers();
    await expect(Promise.all(answers)).resolves.toHaveLength(3);
    expect(attempts()).toBeLessThanOrEqual(6);
  });

  it('counts as one failure, and one prober follows it', async () => {
    const { pool, attempts } = open((attempt) => (attempt <= 5 ? Promise.reject(refused()) : undefined), { size: 4 });
    const seen: number[] = [];
    const answers = [1, 2, 3, 4].map(() => pool.query('select 1'));
    await until(() => {
      seen.push(pool.stats().connecting);
      return pool.stats().created > 0;
    });

    await expect(Promise.all(answers)).resolves.toHaveLength(4);
    expect(attempts()).toBeGreaterThanOrEqual(6);
    expect(pool.stats().connectErrors).toBe(5);
    expect(pool.health()).toMatchObject({ ok: true, state: 'up' });
  });
});

describe('an attempt that hangs', () => {
  it('ends at connectTimeoutMs; the caller is served by the next one', async () => {
    const { pool } = open((attempt) => (attempt === 1 ? new Promise(() => undefined) : undefined), {
      size: 1,
      connectTimeoutMs: 20,
    });

    await expect(pool.query('select 1')).resolves.toBeDefined();
    expect(pool.stats()).toMatchObject({ connectErrors: 1, created: 1 });
  });

  it('is ended by close()', async () => {
    const { pool } = open(() => new Promise(() => undefined), { size: 1 });
    const waiting = pool.query('select 1').catch((error: unknown) => error);

    await pool.close({ timeoutMs: 0 });

    expect(await waiting).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    expect(pool.stats()).toMatchObject({ open: 0, connecting: 0 });
  });

  it('serves the next caller when the one that asked for it has left', async () => {
    const hold = gate();
    let late: MemorySocket | undefined;
    const stream = (): MemorySocket => {
      const socket = new MemorySocket(1);
      const connect = socket.connect.bind(socket);
      late ??= socket;
      socket.connect = () => {
        void hold.promise.then(connect);
        return socket;
      };
      return socket;
    };
    const pool = createPool({
      connection: memory(stream),
      size: 1,
      overflow: 0,
    });
    pools.push(pool);
    await expect(pool.acquire({ timeoutMs: 5 })).rejects.toMatchObject({ phase: 'connect' });
    const next = pool.query('select 1');

    hold.open();

    await expect(next).resolves.toBeDefined();
    expect(pool.stats().created).toBe(1);
  });
});
