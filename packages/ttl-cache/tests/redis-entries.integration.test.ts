/* oxlint-disable unicorn/no-array-fill-with-reference-type -- a lease's fill, no array's */
import type { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { until } from '@corral-internal/test-kit';
import type { RedisTierEvent } from '../src/redis.ts';
import { freshPrefix, leaseOf, Opened, request } from './redis-kit.ts';

const opened = new Opened();
afterEach(() => opened.end());

const { port } = new URL(inject('redisUrl'));
const connect = (options = {}) => opened.client(Number(port), options);
const entry = { value: 'v', ttlMs: 60_000 };
const hit = (value: unknown) => ({ kind: 'hit', value, ttlMs: expect.any(Number) });

describe('what is in Redis', () => {
  it('has a life, all of it', async () => {
    const prefix = freshPrefix();
    const client = connect();
    const tier = opened.tier(client, { prefix, lease: {} });
    const waiter = opened.tier(connect(), { prefix, lease: {} });

    await leaseOf(tier.get('leased', request()));
    expect(await client.pttl(`${prefix}{0}:generation`)).toBeGreaterThan(86_400_000);
    void waiter.get('leased', request()).catch(() => {});
    await until(() => waiter.stats().waits === 1);
    await tier.set('forever', { value: 'v', ttlMs: Number.POSITIVE_INFINITY });

    const keys = await client.keys(`${prefix}*`);
    expect(keys.map((key) => key.slice(prefix.length)).sort()).toEqual([
      '{0}:generation',
      '{0}:l:=leased',
      '{0}:v:=forever',
      '{0}:w:=leased',
    ]);
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
  });

  it('keeps its generation for as long as it is used', async () => {
    const prefix = freshPrefix();
    const client = connect();
    const tier = opened.tier(client, { prefix });
    const generation = `${prefix}{0}:generation`;
    const monthAhead = async () => (await client.pttl(generation)) > 86_400_000;

    await tier.set('a', entry);
    await client.pexpire(generation, 60_000);
    await tier.set('a', entry);
    expect(await monthAhead()).toBe(true);
    await client.pexpire(generation, 60_000);
    await leaseOf(tier.get('b', request()));
    expect(await monthAhead()).toBe(true);
    // Hits look after it now and then.
    await client.pexpire(generation, 60_000);
    await until(async () => {
      await tier.get('a', request());
      return monthAhead();
    });
  });

  it('keeps keys of any content and length apart, under bounded names', async () => {
    const prefix = freshPrefix();
    const client = connect();
    const tier = opened.tier(client, { prefix });
    const keys = [
      '',
      ' ',
      '{x}',
      '\n\r\n*',
      '\u{D800}',
      '\u{FFFD}',
      '\0',
      'é',
      'x'.repeat(100),
      'x'.repeat(1_000_000),
      '__proto__',
    ];

    for (const key of keys) await tier.set(key, { value: `value of ${key.slice(0, 10)}${key.length}`, ttlMs: 60_000 });

    for (const key of keys) {
      expect(await tier.get(key, request())).toEqual(hit(`value of ${key.slice(0, 10)}${key.length}`));
    }
    const names = await client.keys(`${prefix}*`);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThan(prefix.length + 120);
  });

  it('is a miss if it does not decode, and is replaced', async () => {
    const prefix = freshPrefix();
    const events: RedisTierEvent[] = [];
    const bytes = { encode: () => new Uint8Array([1, 2]), decode: () => 'never' };
    const other = opened.tier(connect(), { prefix, codec: bytes });
    const tier = opened.tier(connect(), { prefix, lease: {}, onEvent: (event) => void events.push(event) });

    await other.set('a', entry);
    const lease = await leaseOf(tier.get('a', request()));
    await lease.fill({ value: 'mine', ttlMs: 60_000 });

    expect(await tier.get('a', request())).toEqual(hit('mine'));
    expect(tier.stats()).toMatchObject({ undecodable: 1, hits: 1 });
    expect(events).toEqual([{ type: 'undecodable', error: expect.anything() }]);
  });

  it('that does not decode is no news for one who waits, who then loads', async () => {
    const prefix = freshPrefix();
    const bytes = { encode: () => new Uint8Array([1, 2]), decode: () => 'never' };
    const other = opened.tier(connect(), { prefix, codec: bytes, lease: {} });
    const tier = opened.tier(connect(), { prefix, lease: {} });
    const lease = await leaseOf(other.get('a', request()));

    const waiting = tier.get('a', request());
    await until(() => tier.stats().waits === 1);
    await lease.fill(entry);

    expect((await waiting).kind).toBe('lease');
    expect(tier.stats().undecodable).toBe(1);
  });

  it.each([
    ['of a version to come', async (client: Redis, name: string) => client.set(name, 'c9whatever', 'PX', 60_000)],
    ['of another type', async (client: Redis, name: string) => client.lpush(name, 'x')],
    ['garbage', async (client: Redis, name: string) => client.set(name, Buffer.from([0, 255, 1]), 'PX', 60_000)],
  ])('is a miss if it is %s', async (_, write) => {
    const prefix = freshPrefix();
    const client = connect();
    const tier = opened.tier(client, { prefix });

    await write(client, `${prefix}{0}:v:=a`);
    const lease = await leaseOf(tier.get('a', request()));

    expect(await lease.fill(entry)).toBe('stored');
    expect(await tier.get('a', request())).toEqual(hit('v'));
  });

  it('may be bytes', async () => {
    const codec = {
      encode: (value: number[]) => Uint8Array.from(value),
      decode: (data: string | Uint8Array) => [...(data as Uint8Array)],
    };
    const tier = opened.tier<number[]>(connect(), { codec });

    await tier.set('a', { value: [0, 255, 10, 13], ttlMs: 60_000 });

    expect(await tier.get('a', request())).toEqual(hit([0, 255, 10, 13]));
  });

  it('survives a client with a key prefix, automatic pipelines and text for numbers', async () => {
    const client = connect({ keyPrefix: 'k:', enableAutoPipelining: true, stringNumbers: true });
    const prefix = freshPrefix();
    const [tier, waiter] = [0, 1].map(() => opened.tier(client, { prefix, lease: {} }));
    const lease = await leaseOf(tier!.get('a', request()));

    const waiting = waiter!.get('a', request());
    await until(() => waiter!.stats().waits === 1);
    await lease.fill(entry);

    expect(await waiting).toEqual(hit('v'));
    expect(await connect().exists(`k:${prefix}{0}:v:=a`)).toBe(1);
  });
});
