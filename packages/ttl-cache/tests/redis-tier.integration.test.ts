import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { until } from '@corral-internal/test-kit';
import { createRedisTier, type RedisTierEvent } from '../src/redis.ts';
import { freshPrefix, leaseOf, Opened, request } from './redis-kit.ts';

const opened = new Opened();
afterEach(() => opened.end());

const { port } = new URL(inject('redisUrl'));
const connect = (options = {}) => opened.client(Number(port), options);
const entry = { value: 'v', ttlMs: 60_000 };
const hit = (value: unknown) => ({ kind: 'hit', value, ttlMs: expect.any(Number) });

describe.each([{ lease: { ttlMs: 10_000 } }, {}])('a tier with %o', (options) => {
  it('answers with a lease, then with what was filled under it', async () => {
    const tier = opened.tier(connect(), options);

    const lease = await leaseOf(tier.get('a', request()));
    expect(await lease.fill(entry)).toBe('stored');

    expect(await tier.get('a', request())).toEqual(hit('v'));
  });

  it.each(['delete', 'clear', 'set'] as const)('refuses what was loaded before a %s', async (verb) => {
    const [tier, other] = [0, 1].map(() => opened.tier(connect(), { ...options, prefix: `p:${verb}:${port}:` }));
    await tier!.clear();

    const lease = await leaseOf(tier!.get('a', request()));
    if (verb === 'delete') await other!.delete(['a']);
    else if (verb === 'clear') await other!.clear();
    else await other!.set('a', { value: 'new', ttlMs: 60_000 });

    expect(await lease.fill({ value: 'old', ttlMs: 60_000 })).toBe('refused');
    const after = await tier!.get('a', request());
    expect(after).toEqual(verb === 'set' ? hit('new') : expect.objectContaining({ kind: 'lease' }));
    expect(tier!.stats()).toMatchObject({ refused: 1, filled: 0 });
  });

  it('remembers that there is nothing, and forgets with a life of 0', async () => {
    const tier = opened.tier(connect(), options);

    await (await leaseOf(tier.get('a', request()))).fill({ value: undefined, ttlMs: 60_000 });
    expect(await tier.get('a', request())).toEqual(hit(undefined));
    await tier.set('a', { value: undefined, ttlMs: 0 });

    expect((await tier.get('a', request())).kind).toBe('lease');
  });

  it('gives a lease beside a value that is too near its end', async () => {
    const tier = opened.tier(connect(), options);
    await tier.set('a', entry);

    expect((await tier.get('a', request({ minTtlMs: 59_000 }))).kind).toBe('hit');
    const lease = await leaseOf(tier.get('a', request({ minTtlMs: Number.POSITIVE_INFINITY })));
    expect(await tier.get('a', request())).toEqual(hit('v'));
    await lease.fill({ value: 'w', ttlMs: 60_000 });

    expect(await tier.get('a', request())).toEqual(hit('w'));
  });
});

describe('waiting for another holder', () => {
  const pair = () => {
    const prefix = freshPrefix();
    return [0, 1].map(() => opened.tier(connect(), { prefix, lease: { ttlMs: 10_000 } })) as [
      ReturnType<typeof opened.tier<string>>,
      ReturnType<typeof opened.tier<string>>,
    ];
  };

  it('ends with the value that the holder fills in', async () => {
    const [holder, waiter] = pair();
    const lease = await leaseOf(holder.get('a', request()));

    const waiting = waiter.get('a', request());
    await until(() => waiter.stats().waits === 1);
    await lease.fill(entry);

    expect(await waiting).toEqual(hit('v'));
  });

  it('takes a fresh value for any wish', async () => {
    const [holder, waiter] = pair();
    await holder.set('a', entry);
    const refresh = request({ minTtlMs: Number.POSITIVE_INFINITY });
    const lease = await leaseOf(holder.get('a', refresh));

    const waiting = waiter.get('a', refresh);
    await until(() => waiter.stats().waits === 1);
    await lease.fill({ value: 'fresh', ttlMs: 60_000 });

    expect(await waiting).toEqual(hit('fresh'));
  });

  it.each(['releases', 'is invalidated', 'is cleared'])('ends with a lease when the holder %s', async (how) => {
    const [holder, waiter] = pair();
    const lease = await leaseOf(holder.get('a', request()));

    const waiting = waiter.get('a', request());
    await until(() => waiter.stats().waits === 1);
    if (how === 'releases') await lease.release();
    else if (how === 'is cleared') await holder.clear();
    else await holder.delete(['a']);

    expect((await waiting).kind).toBe('lease');
  });

  it('lasts as long as the holder lives, and its lease is renewed meanwhile', async () => {
    const prefix = freshPrefix();
    const [holder, waiter] = [0, 1].map(() => opened.tier(connect(), { prefix, lease: { ttlMs: 300 } }));
    const client = connect();
    const lease = await leaseOf(holder!.get('a', request()));
    const token = await client.get(`${prefix}{0}:l:=a`);

    const waiting = waiter!.get('a', request());
    // Four lives of a lease, told by the server's clock.
    const start = Date.now();
    await until(() => Date.now() - start > 1_200);
    expect(await client.get(`${prefix}{0}:l:=a`)).toBe(token);
    await lease.fill(entry);

    expect(await waiting).toEqual(hit('v'));
  });

  it('ends at the abort of its load', async () => {
    const [holder, waiter] = pair();
    await leaseOf(holder.get('a', request()));
    const load = new AbortController();

    const waiting = waiter.get('a', request({ signal: load.signal }));
    await until(() => waiter.stats().waits === 1);
    load.abort();

    await expect(waiting).rejects.toMatchObject({ code: 'ERR_REDIS_TIER', reason: 'aborted' });
  });

  it('needs one connection for all keys, and none before', async () => {
    const prefix = freshPrefix();
    const client = connect({ connectionName: prefix.replaceAll(/\W/g, '') });
    const tier = opened.tier(client, { prefix, lease: {} });
    const holder = opened.tier(connect(), { prefix, lease: {} });
    const named = async () =>
      String(await client.client('LIST')).split(`name=${prefix.replaceAll(/\W/g, '')} `).length - 1;

    const leases = await Promise.all(['a', 'b', 'c'].map((key) => leaseOf(holder.get(key, request()))));
    await tier.get('d', request());
    expect(await named()).toBe(1);
    const waiting = ['a', 'b', 'c'].map((key) => tier.get(key, request()));
    await until(async () => (await named()) === 2, { label: 'one more connection' });
    for (const lease of leases) await lease.fill(entry);
    await Promise.all(waiting);
    expect(await named()).toBe(2);

    await tier.close();
    await tier.close();
    await until(async () => (await named()) === 1, { label: 'the duplicate is gone' });
    expect(client.status).toBe('ready');
  });
});

describe('what is in Redis', () => {
  it('has a life, all of it', async () => {
    const prefix = freshPrefix();
    const client = connect();
    const tier = opened.tier(client, { prefix, lease: {} });
    const waiter = opened.tier(connect(), { prefix, lease: {} });

    await leaseOf(tier.get('leased', request()));
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
    const tier = opened.tier<unknown>(connect(), { lease: {} });
    const lease = await leaseOf(tier.get('a', request()));

    await expect(lease.fill({ value: 1n, ttlMs: 60_000 })).rejects.toMatchObject({ reason: 'codec' });
    await expect(tier.set('a', { value: () => {}, ttlMs: 60_000 })).rejects.toMatchObject({ reason: 'codec' });

    expect((await tier.get('a', request())).kind).toBe('lease');
    expect(tier.stats().held).toBe(1);
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
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5],
])('%s', (_, Client) => {
  it('is taken as it is, in types and at work', async () => {
    const prefix = freshPrefix();
    const [one, two] = [0, 1].map(() => {
      const client = new Client(Number(port));
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
