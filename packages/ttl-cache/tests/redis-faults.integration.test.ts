/* oxlint-disable unicorn/no-array-fill-with-reference-type -- a lease's fill, no array's */
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import type { RedisTierEvent } from '../src/redis.ts';
import { freshPrefix, leaseOf, Opened, request } from './redis-kit.ts';

const opened = new Opened();
let server: RedisServer;
beforeEach(async () => {
  server = await startRedis();
  opened.defer(() => server.close());
});
afterEach(() => opened.end());

const timeoutMs = 200;
const entry = (value: string) => ({ value, ttlMs: 60_000 });
/** What a careless owner may have: commands are kept for ever, and sent again. */
const careless = { maxRetriesPerRequest: null, enableOfflineQueue: true, retryStrategy: () => 50 };
const backlogOf = (client: Redis) => {
  const { commandQueue, offlineQueue } = client as unknown as Record<string, { length: number }>;
  return commandQueue!.length + offlineQueue!.length;
};

/** A tier that has worked, with hands on its client and events. */
async function working(port = server.port) {
  const events: RedisTierEvent['type'][] = [];
  const client = opened.client(port, careless);
  const prefix = freshPrefix();
  const onEvent = ({ type }: RedisTierEvent) => void events.push(type);
  const tier = opened.tier(client, { prefix, timeoutMs, lease: { ttlMs: 60_000 }, onEvent });
  const answers = () =>
    tier.get('probe', request()).then(
      (got) => (got.kind === 'lease' ? got.release() : undefined),
      () => Promise.reject(new Error('not yet')),
    );
  const worksAgain = () =>
    until(
      () =>
        answers().then(
          () => true,
          () => false,
        ),
      { timeoutMs: 20_000, label: 'the tier works again' },
    );
  await worksAgain();
  return { tier, client, prefix, events, worksAgain };
}

/** Calls one after another; every one fails, and none takes much longer than the tier may. */
async function expectAllFail(call: () => Promise<unknown>, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    const start = performance.now();
    await expect(call()).rejects.toMatchObject({ code: 'ERR_REDIS_TIER' });
    // The bound and a busy machine's share; a call that waits for Redis would take for ever.
    expect(performance.now() - start).toBeLessThan(timeoutMs + 2_000);
  }
}

describe.each(['SIGKILL', 'SIGSTOP'] as const)('%s of Redis', (signal) => {
  it('makes every call fail in time, with no growing backlog, until Redis is back', async () => {
    const { tier, client, events, worksAgain } = await working();

    if (signal === 'SIGKILL') await server.kill();
    else server.pause();
    await expectAllFail(() => tier.get('a', request()), 300);
    await expectAllFail(() => tier.delete(['a']), 300);
    expect(backlogOf(client)).toBeLessThan(10);
    expect(tier.stats().skipped).toBeGreaterThan(500);
    if (signal === 'SIGKILL') await server.start();
    else server.resume();
    await worksAgain();

    expect(events).toEqual(['away', 'back']);
    expect(await (await leaseOf(tier.get('a', request()))).fill(entry('v'))).toBe('stored');
  });
});

describe('a client that says it has no connection', () => {
  it('is believed: the call costs nothing and queues nothing', async () => {
    const client = opened.client(server.port, { ...careless, retryStrategy: () => 600_000 });
    const tier = opened.tier(client, { timeoutMs: 600_000 });
    await tier.set('a', entry('v'));

    await server.kill();
    await until(() => client.status === 'reconnecting');

    await expect(tier.get('a', request())).rejects.toMatchObject({ reason: 'away' });
    expect(tier.stats()).toMatchObject({ skipped: 1, failures: 0 });
    expect(backlogOf(client)).toBe(0);
  });
});

describe('SIGSTOP of Redis for 5 seconds', () => {
  it.each(['on the same connection', 'on a new connection'])(
    'lets nothing that was given up take effect afterwards, %s',
    async (how) => {
      const { tier, client, worksAgain } = await working();
      await tier.set('kept', entry('before'));
      await tier.set('deleted', entry('before'));

      server.pause();
      const start = Date.now();
      await expect(tier.set('kept', entry('given up'))).rejects.toMatchObject({ reason: 'timeout' });
      await expect(tier.delete(['deleted'])).rejects.toMatchObject({ reason: 'timeout' });
      if (how === 'on a new connection') client.disconnect(true);
      await until(() => Date.now() - start >= 5_000);
      server.resume();
      await worksAgain();

      expect(await tier.get('kept', request())).toMatchObject({ kind: 'hit', value: 'before' });
      expect(await tier.get('deleted', request())).toMatchObject({ kind: 'hit', value: 'before' });
    },
  );

  it('costs a waiter no more than the time-out, then its loader may start', async () => {
    const { tier, prefix } = await working();
    const other = opened.tier(opened.client(server.port), { prefix, lease: { ttlMs: 60_000 } });
    await leaseOf(other.get('a', request()));
    const waiting = tier.get('a', request());
    await until(() => tier.stats().waits === 1);

    server.pause();

    await expect(waiting).rejects.toMatchObject({ code: 'ERR_REDIS_TIER', reason: 'timeout' });
    server.resume();
  });
});

describe.each(['a restart', 'FLUSHALL'])('%s, which empties Redis,', (how) => {
  it('revokes the leases, and all goes on', async () => {
    const { tier, client, worksAgain } = await working();
    await tier.set('held', entry('v'));
    const lease = await leaseOf(tier.get('a', request()));

    if (how === 'FLUSHALL') await client.flushall();
    else {
      await server.kill();
      await server.start();
    }
    await worksAgain();

    expect(await lease.fill(entry('late'))).toBe('refused');
    expect((await tier.get('held', request())).kind).toBe('lease');
    expect(await (await leaseOf(tier.get('a', request()))).fill(entry('new'))).toBe('stored');
  });

  it('lets a waiter take over', async () => {
    const { tier, client, prefix } = await working();
    const other = opened.tier(opened.client(server.port, careless), { prefix, lease: { ttlMs: 60_000 } });
    await leaseOf(other.get('a', request()));
    const waiting = tier.get('a', request());
    await until(() => tier.stats().waits === 1);

    if (how === 'FLUSHALL') await client.flushall();
    else {
      await server.kill();
      await server.start();
    }

    // A lease, or, if it asked while Redis was down, the word that its loader may start without one.
    const outcome = await waiting.then(
      ({ kind }) => kind,
      ({ code }: { code: string }) => code,
    );
    expect(['lease', 'ERR_REDIS_TIER']).toContain(outcome);
  });
});

describe('a Redis that became a read-only replica', () => {
  it('still answers with what it holds, and refuses the rest at once', async () => {
    const { tier, client, events } = await working();
    await tier.set('held', entry('v'));

    await client.replicaof('127.0.0.1', '1');
    expect(await tier.get('held', request())).toMatchObject({ kind: 'hit', value: 'v' });
    for (const call of [tier.get('a', request()), tier.set('a', entry('v')), tier.delete(['held']), tier.clear()]) {
      await expect(call).rejects.toMatchObject({ reason: 'reply', message: expect.stringContaining('READONLY') });
    }
    await client.replicaof('NO', 'ONE');

    await tier.delete(['held']);
    expect((await tier.get('held', request())).kind).toBe('lease');
    expect(events).toEqual([]);
  });

  it('keeps keys and values out of its errors', async () => {
    const { tier, client } = await working();
    await client.replicaof('127.0.0.1', '1');

    const error: unknown = await tier.set('secret key', entry('secret value')).catch((thrown: unknown) => thrown);

    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
  });
});

describe('a full Redis', () => {
  it('still answers with what it holds and deletes, and refuses the rest at once', async () => {
    const { tier, client, events } = await working();
    await tier.set('held', entry('v'));

    await client.config('SET', 'maxmemory', '1');
    expect(await tier.get('held', request())).toMatchObject({ kind: 'hit', value: 'v' });
    for (const call of [tier.get('a', request()), tier.set('a', entry('v')), tier.clear()]) {
      await expect(call).rejects.toMatchObject({ reason: 'reply', message: expect.stringContaining('OOM') });
    }
    await tier.delete(['held']);
    await client.config('SET', 'maxmemory', '0');

    expect((await tier.get('held', request())).kind).toBe('lease');
    expect(events).toEqual([]);
  });
});

describe('a slow Redis', () => {
  it('is away while its answers take longer than the time-out', async () => {
    const proxy = await startProxy({ port: server.port });
    opened.defer(() => proxy.close());
    const { tier, client, events, worksAgain } = await working(proxy.port);

    proxy.delayMs = 3 * timeoutMs;
    const start = Date.now();
    await expectAllFail(() => tier.get('a', request()), 100);
    expect(backlogOf(client)).toBeLessThan(10);
    // Probes are answered meanwhile, but too late to count.
    await until(() => Date.now() - start > 3_000);
    expect(events).toEqual(['away']);
    proxy.delayMs = 0;
    await worksAgain();

    expect(events).toEqual(['away', 'back']);
  });

  it('does nothing with a command that comes after its deadline', async () => {
    const proxy = await startProxy({ port: server.port });
    opened.defer(() => proxy.close());
    const { tier, prefix } = await working(proxy.port);
    const direct = opened.client(server.port);
    const served = async () =>
      Number(/calls=(\d+)/.exec((await direct.info('commandstats')).split('cmdstat_eval')[1]!)![1]);
    const before = await served();

    proxy.delayMs = 3 * timeoutMs;
    await expect(tier.get('a', request())).rejects.toMatchObject({ reason: 'timeout' });
    await expect(tier.set('b', entry('v'))).rejects.toMatchObject({ reason: 'timeout' });
    await until(async () => (await served()) > before, { label: 'Redis got the set' });

    expect(await direct.keys(`${prefix}*`)).toEqual([`${prefix}{0}:generation`]);
  });

  it('gets a lease back that it granted too late for anybody to use', async () => {
    const proxy = await startProxy({ port: server.port });
    opened.defer(() => proxy.close());
    const { tier, prefix } = await working(proxy.port);
    const direct = opened.client(server.port);

    proxy.blackhole('toClient');
    await expect(tier.get('a', request())).rejects.toMatchObject({ reason: 'timeout' });
    expect(await direct.exists(`${prefix}{0}:l:=a`)).toBe(1);
    await proxy.heal();

    await until(async () => (await direct.exists(`${prefix}{0}:l:=a`)) === 0, { label: 'the lease is released' });
  });
});
