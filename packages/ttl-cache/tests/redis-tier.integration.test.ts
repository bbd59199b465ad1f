/* oxlint-disable unicorn/no-array-fill-with-reference-type -- a lease's fill, no array's */
import { afterEach, describe, expect, inject, it } from 'vitest';
import { until } from '@corral-internal/test-kit';
import { freshPrefix, leaseOf, Opened, request } from './redis-kit.ts';

const opened = new Opened();
afterEach(() => opened.end());

const { port } = new URL(inject('redisUrl'));
const connect = (options = {}) => opened.client(Number(port), options);
const entry = { value: 'v', ttlMs: 60_000 };
const hit = (value: unknown) => ({ kind: 'hit', value, ttlMs: expect.any(Number) });

describe.each([{ lease: { ttlMs: 600_000 } }, {}])('a tier with %o', (options) => {
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
    expect((await tier!.get('a', request())).kind).toBe(verb === 'set' ? 'hit' : 'lease');
    expect(tier!.stats()).toMatchObject({ refused: 1, filled: 0 });
  });

  it('lets who loads alone be the only one who is asked, or all at once', async () => {
    const prefix = freshPrefix();
    const [one, other] = [0, 1].map(() => opened.tier(connect(), { ...options, prefix }));
    const lease = await leaseOf(one!.get('a', request()));

    const second = other!.get('a', request());
    await until(() => other!.stats().waits + other!.stats().leases === 1);

    expect(other!.stats().waits).toBe('lease' in options ? 1 : 0);
    await lease.fill(entry);
    expect((await second).kind).toBe('lease' in options ? 'hit' : 'lease');
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
    expect((await tier.get('a', request({ minTtlMs: Number.POSITIVE_INFINITY }))).kind).toBe('lease');
  });
});

describe('a tier without leases', () => {
  it('lets who loads as well write, after another one has failed', async () => {
    const prefix = freshPrefix();
    const [one, other] = [0, 1].map(() => opened.tier(connect(), { prefix }));
    const leases = [await leaseOf(one!.get('a', request())), await leaseOf(other!.get('a', request()))];
    await leases[0]!.release();
    expect(await leases[1]!.fill(entry)).toBe('stored');
  });
});

describe('waiting for another holder', () => {
  const pair = () => {
    const prefix = freshPrefix();
    return [0, 1].map(() => opened.tier(connect(), { prefix, lease: { ttlMs: 600_000 } })) as [
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

  it.each([
    ['fill', '=a'],
    ['release', '=a'],
    ['set', '=a'],
    ['delete', '=a'],
    ['clear', '*'],
  ])('is told of a %s, beside looking now and then', async (verb, text) => {
    const prefix = freshPrefix();
    const [holder, waiter] = [0, 1].map(() => opened.tier(connect(), { prefix, lease: { ttlMs: 600_000 } }));
    const told: string[] = [];
    const listener = connect();
    listener.on('pmessage', (_pattern: string, _channel: string, message: string) => told.push(message));
    await listener.psubscribe(`${prefix}*`);
    const lease = await leaseOf(holder!.get('a', request()));
    const waiting = waiter!.get('a', request());
    await until(() => waiter!.stats().waits === 1);

    if (verb === 'fill') await lease.fill(entry);
    else if (verb === 'release') await lease.release();
    else if (verb === 'set') await holder!.set('a', entry);
    else if (verb === 'delete') await holder!.delete(['a']);
    else await holder!.clear();

    await until(() => told.length > 0);
    expect(told).toEqual([text]);
    await waiting;
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
