import { startProxy, type Proxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRateLimiter, type RateLimitEvent, type RateLimiter, type RateLimiterOptions } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';

const rules = { limit: 20, windowMs: 60_000 };
let server: RedisServer;
let proxy: Proxy;
let direct: Redis;
let serial = 0;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startRedis();
  proxy = await startProxy({ port: server.port });
  direct = new Redis(server.url);
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
  proxy.delayMs = 0;
  await proxy.heal();
});
afterAll(async () => {
  direct.disconnect();
  await proxy.close();
  await server.close();
});

function open(options: Partial<RateLimiterOptions> = {}, port = proxy.port, prefix = `out${serial++}`): RateLimiter {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
  const store = createRedisStore(client, { prefix });
  const limiter = createRateLimiter({ rules, workers: 4, ...options, store });
  closers.push(
    () => client.disconnect(),
    () => store.close(),
    () => limiter.close(),
  );
  return limiter;
}

async function ready(options: Partial<RateLimiterOptions> = {}, port?: number, prefix?: string): Promise<RateLimiter> {
  const limiter = open(options, port, prefix);
  await limiter.ready();
  return limiter;
}

const state = (limiter: RateLimiter, wanted: string) =>
  until(() => limiter.state === wanted, { label: `state ${wanted}` });
const consume = (limiter: RateLimiter, key: string, times: number) =>
  Promise.all(Array.from({ length: times }, () => limiter.consume(key)));
const passed = (decisions: { allowed: boolean }[]): number => decisions.filter(({ allowed }) => allowed).length;
const calls = async (command: string): Promise<number> =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await direct.info('commandstats'))?.[1] ?? 0);

describe('while Redis cannot be reached', () => {
  it('answers from the start with its share, and tells of it once', async () => {
    await proxy.refuse();
    const events: RateLimitEvent[] = [];
    const limiter = open({ onEvent: (event) => events.push(event) });

    const decisions = await consume(limiter, 'a', 20);

    expect(passed(decisions)).toBe(5);
    expect(decisions[0]).toMatchObject({ source: 'local', limit: 20, remaining: 4 });
    expect(decisions[19]).toMatchObject({ allowed: false, source: 'local', limit: 20, remaining: 0 });
    expect(events.filter(({ type }) => type === 'degraded')).toEqual([{ type: 'degraded', reason: 'starting' }]);

    await proxy.heal();
    await limiter.ready();
    await state(limiter, 'shared');
    expect(await limiter.peek('a')).toMatchObject({ remaining: 15 });
    expect(events.map(({ type }) => type)).toContain('recovered');
  });

  it('counts its share together with what Redis admitted it before', async () => {
    const limiter = await ready();
    expect(passed(await consume(limiter, 'a', 3))).toBe(3);

    await proxy.refuse();
    await state(limiter, 'degraded');

    expect(passed(await consume(limiter, 'a', 20))).toBe(2);
  });

  it('takes no more than its part of the room that Redis last reported', async () => {
    const limiter = await ready({}, undefined, 'room');
    const other = await ready({}, server.port, 'room');
    await consume(other, 'a', 16);
    await consume(limiter, 'a', 1);

    await proxy.refuse();
    await state(limiter, 'degraded');

    // 17 of 20 are used; a fourth of the other three is less than one.
    expect(passed(await consume(limiter, 'a', 20))).toBe(0);
  });

  it.each([
    ['open', true],
    ['closed', false],
  ] as const)('is %s on request', async (onUnavailable, allowed) => {
    const limiter = await ready({ onUnavailable });
    await proxy.refuse();
    await state(limiter, 'degraded');

    const decisions = await consume(limiter, 'a', 30);

    expect(decisions.every((decision) => decision.allowed === allowed && decision.source === onUnavailable)).toBe(true);
  });

  it('keeps resets, refunds and blocks, and makes them on return', async () => {
    const limiter = await ready();
    await consume(limiter, 'reset', 20);
    await consume(limiter, 'refund', 4);
    await proxy.refuse();
    await state(limiter, 'degraded');

    await limiter.reset('reset');
    await limiter.refund('refund', 3);
    await limiter.block('block', 60_000);
    expect(await limiter.consume('block')).toMatchObject({ allowed: false });

    await proxy.heal();
    await state(limiter, 'shared');
    expect(await limiter.peek('reset')).toMatchObject({ remaining: 20 });
    expect(await limiter.peek('refund')).toMatchObject({ remaining: 19 });
    expect(await limiter.peek('block')).toMatchObject({ allowed: false });
  });
});

describe('while Redis is slow', () => {
  it('waits once for timeoutMs, then not at all, and goes back when Redis is quick again', async () => {
    const limiter = await ready();
    proxy.delayMs = 150;

    expect((await limiter.consume('a')).source).toBe('local');
    expect(limiter.state).toBe('degraded');
    const callsBefore = limiter.stats().calls;
    await consume(limiter, 'a', 50);
    expect(limiter.stats()).toMatchObject({ calls: callsBefore, timeouts: 1 });

    proxy.delayMs = 0;
    await state(limiter, 'shared');
    expect((await limiter.consume('b')).source).toBe('redis');
  });

  it('comes back from a connection that went silent', async () => {
    const limiter = await ready();
    proxy.blackhole();
    expect((await limiter.consume('a')).source).toBe('local');

    await until(() => proxy.accepted > 1, { label: 'another socket is tried' });
    await proxy.heal();

    await state(limiter, 'shared');
    expect((await limiter.consume('b')).source).toBe('redis');
  });

  it('counts once what both have admitted', async () => {
    const limiter = await ready({ workers: 1 });
    server.pause();
    try {
      expect(passed(await consume(limiter, 'a', 7))).toBe(7);
    } finally {
      server.resume();
    }
    await state(limiter, 'shared');

    await until(async () => (await limiter.peek('a')).remaining === 13, { label: 'seven of twenty are counted' });
    expect(passed(await consume(limiter, 'a', 20))).toBe(13);
  });
});

describe('what reaches Redis', () => {
  it('is one call for the checks of a turn, of at most 64 keys each', async () => {
    const limiter = await ready({ timeoutMs: 5_000 });
    const before = limiter.stats().calls;

    await Promise.all(Array.from({ length: 1_000 }, (_, index) => limiter.consume(`key-${index % 100}`)));

    expect(limiter.stats().calls - before).toBe(2);
  });

  it('is no write on a reject', async () => {
    const limiter = await ready({ timeoutMs: 5_000, denyCache: false, rules: { limit: 1, windowMs: 60_000 } });
    await limiter.consume('a');
    const writes = async () =>
      (await calls('rpush')) +
      (await calls('lset')) +
      (await calls('pexpire')) +
      (await calls('ltrim')) +
      (await calls('del'));
    const before = await writes();

    for (let time = 0; time < 20; time++) expect((await limiter.consume('a')).allowed).toBe(false);

    expect(await writes()).toBe(before);
  });

  it('is the text of a script once, however many calls meet NOSCRIPT', async () => {
    const limiter = await ready({ timeoutMs: 5_000 });
    await limiter.consume('warm');
    await direct.script('FLUSH');
    const before = await calls('eval');

    const decisions = await Promise.all(Array.from({ length: 640 }, (_, index) => limiter.consume(`key-${index}`)));

    expect(decisions.every(({ source }) => source === 'redis')).toBe(true);
    // One for checks; the heartbeat may have met it too.
    expect((await calls('eval')) - before).toBeLessThanOrEqual(2);
  });

  it('counts the processes that share it', async () => {
    const limiter = await ready({ workers: 'auto' }, server.port, 'auto');
    await ready({ workers: 'auto' }, server.port, 'auto');
    await ready({ workers: 'auto' }, server.port, 'auto');

    await until(() => limiter.stats().workers >= 3, { label: 'three workers are seen' });
    expect(limiter.stats().workers).toBe(3);
  });

  it('leaves the client alone', async () => {
    const client = new Redis(server.url);
    const store = createRedisStore(client, { prefix: 'alone' });
    const limiter = createRateLimiter({ rules, store });
    await limiter.ready();
    await limiter.close();
    await store.close();
    await store.close();

    expect(client.status).toBe('ready');
    client.disconnect();
  });

  it('refuses limiters that would spoil each other, and a client that is none', async () => {
    const client = new Redis(server.url);
    const store = createRedisStore(client);
    const first = createRateLimiter({ rules, store });
    expect(() => createRateLimiter({ rules: { limit: 5, windowMs: 1_000 }, store })).toThrow('uses the name "default"');
    const same = createRateLimiter({ rules, store });
    await same.close();
    await first.close();
    await createRateLimiter({ rules: { limit: 5, windowMs: 1_000 }, store }).close();
    await store.close();
    client.disconnect();

    expect(() => createRedisStore({} as Redis)).toThrow('client: expected an ioredis client');
    expect(() => createRedisStore(client, { prefix: 'a b' })).toThrow('prefix');
    expect(() => createRateLimiter({ rules, timeoutMs: 0 })).toThrow(
      'timeoutMs: expected an integer from 1 to 60000, got 0',
    );
    expect(() => createRateLimiter({ rules, workers: 0 })).toThrow('workers');
  });
});
