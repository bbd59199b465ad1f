/* oxlint-disable unicorn/no-array-fill-with-reference-type -- a lease's fill, no array's */
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { until } from '@corral-internal/test-kit';
import { createRedisTier, type RedisClient } from '../src/redis.ts';
import { freshPrefix, leaseOf, Opened, request } from './redis-kit.ts';

const opened = new Opened();
afterEach(() => opened.end());

const { port } = new URL(inject('redisUrl'));
const connect = (options = {}) => opened.client(Number(port), options);
const entry = { value: 'v', ttlMs: 60_000 };
const hit = (value: unknown) => ({ kind: 'hit', value, ttlMs: expect.any(Number) });

describe('calls', () => {
  it('take effect in their order, also the first ones of a connection', async () => {
    const tier = opened.tier(connect({ lazyConnect: true }));

    const calls: Promise<unknown>[] = [];
    for (let turn = 0; turn < 50; turn++) {
      calls.push(tier.set('a', { value: `${turn}`, ttlMs: 60_000 }), tier.delete(['a']));
    }
    calls.push(tier.set('a', entry));
    const last = tier.get('a', request());
    await Promise.all(calls);

    expect(await last).toEqual(hit('v'));
  });

  it('do no harm when a driver sends them twice, as after a reconnect', async () => {
    const prefix = freshPrefix();
    const client = connect();
    const sent: (() => Promise<unknown>)[] = [];
    const record =
      (send: RedisClient['eval']): RedisClient['eval'] =>
      (...command) => {
        sent.push(() => send(...command));
        return send(...command);
      };
    const { evalBuffer, evalshaBuffer } = client as unknown as Record<string, RedisClient['eval']>;
    const driver = Object.assign(connect(), {
      evalBuffer: record(evalBuffer!.bind(client)),
      evalshaBuffer: record(evalshaBuffer!.bind(client)),
    });
    const tier = opened.tier(driver, { prefix });
    const other = opened.tier(connect(), { prefix });
    const sendAgain = () => sent.at(-1)!();

    // A lease that was revoked does not come back with its question.
    await tier.clear();
    const lease = await leaseOf(tier.get('a', request()));
    await other.delete(['a']);
    await sendAgain();
    expect(await lease.fill(entry)).toBe('refused');

    // Nor does a generation with its clear.
    await tier.clear();
    await other.set('a', entry);
    await other.clear();
    await sendAgain();
    expect((await other.get('a', request())).kind).toBe('lease');
  });

  it('go on after SCRIPT FLUSH', async () => {
    const client = connect();
    const tier = opened.tier(client);
    await (await leaseOf(tier.get('a', request()))).fill(entry);

    await client.script('FLUSH');

    expect(await tier.get('a', request())).toEqual(hit('v'));
    await tier.delete(['a']);
    expect((await tier.get('a', request())).kind).toBe('lease');
  });

  it('remove thousands of keys at a time', async () => {
    const client = connect();
    const prefix = freshPrefix();
    const tier = opened.tier(client, { prefix });
    const keys = Array.from({ length: 3_000 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => tier.set(key, entry)));

    await tier.delete(keys);

    expect(await client.keys(`${prefix}*`)).toEqual([`${prefix}{0}:generation`]);
  });

  it('reject what no codec can take, and release the lease', async () => {
    const tier = opened.tier<unknown>(connect(), { lease: { ttlMs: 600_000 } });
    const lease = await leaseOf(tier.get('a', request()));

    await expect(lease.fill({ value: 1n, ttlMs: 60_000 })).rejects.toMatchObject({ reason: 'codec' });
    await expect(tier.set('a', { value: () => {}, ttlMs: 60_000 })).rejects.toMatchObject({ reason: 'codec' });

    expect((await tier.get('a', request())).kind).toBe('lease');
    expect(tier.stats().held).toBe(1);
  });

  it('release what is held when the tier closes', async () => {
    const prefix = freshPrefix();
    const [closing, other] = [0, 1].map(() => opened.tier(connect(), { prefix, lease: { ttlMs: 600_000 } }));
    const lease = await leaseOf(closing!.get('a', request()));

    await closing!.close();

    expect((await other!.get('a', request())).kind).toBe('lease');
    expect(closing!.stats().held).toBe(0);
    await expect(lease.fill(entry)).rejects.toMatchObject({ reason: 'closed' });
  });

  it('are not lost when the event loop was blocked for longer than the time-out', async () => {
    const tier = opened.tier(connect(), { timeoutMs: 150 });
    await tier.set('a', entry);

    const answer = tier.get('a', request());
    const start = Date.now();
    while (Date.now() - start < 400);

    expect(await answer).toEqual(hit('v'));
  });

  it('fail after close, without touching the client', async () => {
    const client = connect();
    const tier = opened.tier(client);
    await tier.get('a', request());

    await tier[Symbol.asyncDispose]();

    await expect(tier.get('a', request())).rejects.toMatchObject({ reason: 'closed' });
    await expect(tier.delete(['a'])).rejects.toMatchObject({ reason: 'closed' });
    expect(await client.ping()).toBe('PONG');
  });
});

describe.each([
  ['ioredis 6', (): RedisClient & { disconnect(): void } => new Redis(Number(port))],
  ['ioredis 5', (): RedisClient & { disconnect(): void } => new Redis5(Number(port))],
])('%s', (_, connectOne) => {
  it('is taken as it is, in types and at work', async () => {
    const prefix = freshPrefix();
    const [one, two] = [0, 1].map(() => {
      const client = connectOne();
      opened.defer(() => client.disconnect());
      const tier = createRedisTier<string>(client, { prefix, lease: {}, timeoutMs: 5_000 });
      opened.defer(() => tier.close());
      return tier;
    });
    const lease = await leaseOf(one!.get('a', request()));

    const waiting = two!.get('a', request());
    await until(() => two!.stats().waits === 1);
    await lease.fill(entry);

    expect(await waiting).toEqual(hit('v'));
  });
});
