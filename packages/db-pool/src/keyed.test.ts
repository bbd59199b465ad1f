import { fakeClock, gate, until } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyed, type Keyed, type KeyedOptions } from './keyed.ts';

interface Client {
  key: string;
  number: number;
}

let made: Client[] = [];
let disposed: Client[] = [];

function open(options: Partial<KeyedOptions<string, Client>> = {}): Keyed<string, Client> {
  made = [];
  disposed = [];
  return createKeyed<string, Client>({
    key: (input) => input,
    create: async (key) => {
      const client = { key, number: made.length + 1 };
      made.push(client);
      return client;
    },
    dispose: (client) => void disposed.push(client),
    ...options,
  });
}

describe('one client for each key', () => {
  it('is made once for callers that come together', async () => {
    const keyed = open();

    const leases = await Promise.all(['a', 'a', 'b', 'a'].map((key) => keyed.lease(key)));

    expect(made.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(leases[0]?.client).toBe(leases[3]?.client);
    expect(keyed.stats()).toMatchObject({ size: 2, inUse: 2, leases: 4, created: 2, misses: 2, hits: 2 });
  });

  it('is not remembered when making it failed: all who waited hear it, the next one tries again', async () => {
    let fails = true;
    const keyed = open({
      create: async (key) => {
        if (fails) throw new Error('no key');
        return { key, number: 1 };
      },
    });

    const settled = await Promise.allSettled([keyed.lease('a'), keyed.lease('a')]);
    fails = false;

    expect(settled).toMatchObject([{ status: 'rejected', reason: { message: 'no key' } }, { status: 'rejected' }]);
    await expect(keyed.use('a', ({ number }) => number)).resolves.toBe(1);
    expect(keyed.stats()).toMatchObject({ createErrors: 1, created: 1, size: 1 });
  });

  it('outlives the abort of the caller that asked first', async () => {
    const hold = gate<Client>();
    const keyed = open({ create: () => hold.promise });
    const controller = new AbortController();
    const left = keyed.lease('a', { signal: controller.signal });
    const stays = keyed.lease('a');

    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    hold.open({ key: 'a', number: 1 });

    expect((await stays).client.number).toBe(1);
    expect(keyed.stats().leases).toBe(1);
  });

  it('takes a client of undefined for a client', async () => {
    const keyed = createKeyed<string, undefined>({ key: String, create: () => undefined, dispose: () => undefined });

    await expect(keyed.use('a', (client) => client)).resolves.toBeUndefined();
    await keyed.use('a', () => undefined);
    expect(keyed.stats()).toMatchObject({ created: 1, hits: 1 });
  });
});

describe('a full store', () => {
  it('ends the least recently used idle client', async () => {
    const keyed = open({ max: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await keyed.use(key, () => undefined);

    expect(disposed.map(({ key }) => key)).toEqual(['b']);
    expect(keyed.peek('a')).toBeDefined();
    expect(keyed.peek('b')).toBeUndefined();
  });

  it('makes the next key wait for a release, in order', async () => {
    const keyed = open({ max: 1 });
    const first = await keyed.lease('a');
    const order: string[] = [];
    const waiting = ['b', 'c', 'b'].map((key) => keyed.use(key, () => void order.push(key)));
    await until(() => keyed.stats().waiting === 3);

    first.release();
    await Promise.all(waiting);

    expect(order).toEqual(['b', 'b', 'c']);
    expect(keyed.stats()).toMatchObject({ waiting: 0, size: 1, evicted: 2 });
  });

  it('lets a caller that waits give up, or be told that it took too long', async () => {
    const keyed = open({ max: 1, maxWaiting: 2 });
    using _held = await keyed.lease('a');
    const controller = new AbortController();
    const aborted = keyed.lease('b', { signal: controller.signal });
    const overdue = keyed.lease('b', { timeoutMs: 10 });

    await expect(keyed.lease('c')).rejects.toMatchObject({ code: 'ERR_KEYED_FULL' });
    controller.abort(new Error('left'));

    await expect(aborted).rejects.toThrow('left');
    await expect(overdue).rejects.toMatchObject({ code: 'ERR_KEYED_TIMEOUT' });
    expect(keyed.stats()).toMatchObject({ waiting: 0, timedOut: 1 });
  });

  it('frees the room of a client whose making failed', async () => {
    const hold = gate<Client>();
    const keyed = open({ max: 1, create: (key) => (key === 'a' ? hold.promise : { key, number: 2 }) });
    const failing = keyed.lease('a');
    const waiting = keyed.lease('b');

    hold.fail(new Error('no'));

    await expect(failing).rejects.toThrow('no');
    expect((await waiting).client.key).toBe('b');
  });
});

describe('age and idleness', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('end a client that nobody has used for idleMs', async () => {
    const clock = fakeClock();
    const keyed = open({ idleMs: 1_000, now: clock.now });
    await keyed.use('a', () => undefined);

    clock.advance(1_000);
    vi.advanceTimersByTime(1_000);

    expect(disposed).toHaveLength(1);
    expect(keyed.stats().size).toBe(0);
  });

  it('never end a client in use: an old one is replaced, and ended with its last lease', async () => {
    const clock = fakeClock();
    const keyed = open({ idleMs: 100, maxAgeMs: 1_000, now: clock.now });
    const lease = await keyed.lease('a');
    clock.advance(5_000);
    vi.advanceTimersByTime(5_000);

    const next = await keyed.lease('a');
    expect([lease.client.number, next.client.number]).toEqual([1, 2]);
    expect(disposed).toEqual([]);
    lease.release();
    lease.release();

    expect(disposed.map(({ number }) => number)).toEqual([1]);
  });
});

describe('invalidate', () => {
  it('resolves when the last lease is back and the client ended', async () => {
    const keyed = open();
    const lease = await keyed.lease('a');
    let gone = false;
    const invalidated = keyed.invalidate('a').then(() => {
      gone = true;
    });
    await keyed.use('a', ({ number }) => expect(number).toBe(2));
    expect(gone).toBe(false);

    lease.release();
    await invalidated;

    expect(disposed.map(({ number }) => number)).toEqual([1]);
    await expect(keyed.invalidate('nobody')).resolves.toBeUndefined();
  });

  it('also of a client that is still being made', async () => {
    const hold = gate<Client>();
    const keyed = open({ create: () => hold.promise });
    const lease = keyed.lease('a');
    await until(() => keyed.stats().creating === 1);
    const invalidated = keyed.invalidate('a');

    hold.open({ key: 'a', number: 1 });
    (await lease).release();
    await invalidated;

    expect(disposed).toHaveLength(1);
  });
});

describe('close', () => {
  it('ends idle clients now, the others as they come back, and refuses new callers', async () => {
    const keyed = open();
    await keyed.use('idle', () => undefined);
    const lease = await keyed.lease('busy');

    const closed = keyed.close();
    await until(() => disposed.length === 1);
    await expect(keyed.lease('idle')).rejects.toMatchObject({ code: 'ERR_KEYED_CLOSED' });
    lease.release();

    expect(await closed).toEqual({ forced: 0 });
    expect(disposed.map(({ key }) => key)).toEqual(['idle', 'busy']);
  });

  it('after its time ends them all, and tells a creator to stop', async () => {
    let stopped: unknown;
    const keyed = open({
      create: (key, signal) => {
        if (key === 'slow') signal.addEventListener('abort', () => (stopped = signal.reason));
        return key === 'slow' ? new Promise(() => undefined) : { key, number: 1 };
      },
    });
    const lease = await keyed.lease('busy');
    void keyed.lease('slow').catch(() => undefined);
    await until(() => keyed.stats().creating === 1);

    expect(await keyed.close({ timeoutMs: 10 })).toEqual({ forced: 2 });

    expect(stopped).toMatchObject({ code: 'ERR_KEYED_CLOSED' });
    expect(disposed).toEqual([lease.client]);
  });

  it('ends a client that was finished after the close', async () => {
    const hold = gate<Client>();
    const keyed = open({ create: () => hold.promise });
    const lease = keyed.lease('late').catch((error: unknown) => error);
    await until(() => keyed.stats().creating === 1);
    await keyed.close({ timeoutMs: 0 });

    hold.open({ key: 'late', number: 1 });
    await lease;

    expect(disposed).toMatchObject([{ key: 'late' }]);
  });

  it('survives a dispose that throws', async () => {
    const errors: unknown[] = [];
    const keyed = open({
      dispose: () => {
        throw new Error('no');
      },
      onDisposeError: (error) => void errors.push(error),
    });
    await keyed.use('a', () => undefined);

    await keyed.close();

    expect(errors).toHaveLength(1);
  });
});

it('refuses wrong options by name and value', () => {
  expect(() => open({ max: 0 })).toThrow(new RangeError('max: expected an integer >= 1, got 0'));
  expect(() => open({ idleMs: Number.NaN })).toThrow(new RangeError('idleMs: expected milliseconds >= 0, got NaN'));
  expect(() => open({ dispose: 5 as never })).toThrow(new TypeError('dispose: expected a function, got 5'));
});
