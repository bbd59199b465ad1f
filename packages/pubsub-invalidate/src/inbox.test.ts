import { getEventListeners } from 'node:events';
import { fakeClock, gate, until } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createMemoryHub, memoryTransport, type MemoryFaults } from './memory.ts';

let hub = createMemoryHub();
const open: Bus[] = [];

async function startedBus(faults: MemoryFaults = {}): Promise<Bus> {
  const bus = createBus({ transport: memoryTransport({ hub, faults }), namespace: 'tools', heartbeatMs: 40 });
  open.push(bus);
  await bus.start();
  return bus;
}

/** A process that waits and one that has the results. */
async function pair(
  options: { maxPending?: number; earlyMs?: number } = {},
): Promise<{ waiting: Inbox<string>; producer: Inbox<string>; bus: Bus }> {
  const bus = await startedBus();
  const waiting = createInbox<string>({ bus, name: 'results', ...options });
  const producer = createInbox<string>({ bus: await startedBus(), name: 'results' });
  await Promise.all([waiting.ready(), producer.ready()]);
  return { waiting, producer, bus };
}

beforeEach(() => {
  hub = createMemoryHub();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close()));
});

describe('a result', () => {
  it('reaches the process that waits, and no other', async () => {
    const { waiting, producer, bus } = await pair();
    const bystander = createInbox<string>({ bus: await startedBus(), name: 'results' });
    const wrong = bystander.waitFor('call-1');
    const result = waiting.waitFor('call-1');
    await producer.resolve(waiting.replyTo, 'call-1', 'sunny');
    expect(await result).toBe('sunny');
    expect(bus.health().pendingWaiters).toBe(0);
    expect(bystander.pending).toBe(1);
    await bystander.close();
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' });
  });

  it('of the own process needs no broker', async () => {
    const { waiting } = await pair();
    const result = waiting.waitFor('call-1');
    await waiting.resolve(waiting.replyTo, 'call-1', 'own');
    expect(await result).toBe('own');
  });

  it('that comes before waitFor is kept', async () => {
    const { waiting, producer } = await pair();
    await producer.resolve(waiting.replyTo, 'early', 'here already');
    const marker = waiting.waitFor('marker');
    await producer.resolve(waiting.replyTo, 'marker', '');
    await marker;
    expect(await waiting.waitFor('early')).toBe('here already');
  });

  it('that comes before waitFor is dropped after earlyMs', async () => {
    const clock = fakeClock();
    const bus = createBus({ transport: memoryTransport({ hub }), namespace: 'tools', now: clock.now });
    open.push(bus);
    const waiting = createInbox<string>({ bus, name: 'results', earlyMs: 1_000 });
    await waiting.resolve(waiting.replyTo, 'in time', 'kept');
    await waiting.resolve(waiting.replyTo, 'early', 'too early');
    clock.advance(999);
    expect(await waiting.waitFor('in time')).toBe('kept');
    clock.advance(1);
    await expect(waiting.waitFor('early', { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'ERR_INBOX_TIMEOUT',
      id: 'early',
      timeoutMs: 10,
    });
  });

  it('reaches all who wait for the same id', async () => {
    const { waiting, producer } = await pair();
    const both = [waiting.waitFor('x'), waiting.waitFor('x')];
    expect(waiting.pending).toBe(2);
    await producer.resolve(waiting.replyTo, 'x', 'for both');
    expect(await Promise.all(both)).toEqual(['for both', 'for both']);
    expect(waiting.pending).toBe(0);
  });

  it('can be an error of the producer', async () => {
    const { waiting, producer } = await pair();
    const result = waiting.waitFor('x');
    await producer.reject(waiting.replyTo, 'x', { code: 'ERR_TOOL', message: 'the tool failed' });
    await expect(result).rejects.toMatchObject({
      name: 'InboxRejectedError',
      code: 'ERR_TOOL',
      message: 'the tool failed',
    });
  });

  it('too large for a message is fetched by check, or fails the wait', async () => {
    const { waiting, producer } = await pair();
    const large = 'x'.repeat(2_000_000);
    const store = new Map<string, string>();
    const fetched = waiting.waitFor('a', { check: async (id) => store.get(id) });
    const failed = waiting.waitFor('b');
    store.set('a', large);
    await Promise.all([producer.resolve(waiting.replyTo, 'a', large), producer.resolve(waiting.replyTo, 'b', large)]);
    expect((await fetched).length).toBe(2_000_000);
    await expect(failed).rejects.toMatchObject({ code: 'ERR_INBOX_RESULT_SIZE' });
  });

  it('is not sent to anything but an inbox', async () => {
    const { producer } = await pair();
    await expect(producer.resolve('tools:config', 'x', 'y')).rejects.toThrow(
      /^replyTo: expected the replyTo of an inbox/,
    );
  });
});

describe('check', () => {
  it('runs after the waiter is registered', async () => {
    const { waiting } = await pair();
    expect(await waiting.waitFor('x', { check: async () => (waiting.pending === 1 ? 'found' : undefined) })).toBe(
      'found',
    );
  });

  it('runs again after a gap', async () => {
    const { waiting } = await pair();
    const store = new Map<string, string>();
    const result = waiting.waitFor('x', { check: async (id) => store.get(id) });
    await Promise.resolve();
    store.set('x', 'written while nobody listened');
    hub.disconnectAll();
    expect(await result).toBe('written while nobody listened');
  });

  it('runs again when a gap came while it ran', async () => {
    const { waiting } = await pair();
    const first = gate<string | undefined>();
    let calls = 0;
    const result = waiting.waitFor('x', {
      check: () => (++calls === 1 ? first.promise : Promise.resolve('second look')),
    });
    await until(() => calls === 1);
    hub.disconnectAll();
    await waiting.ready();
    first.open(undefined);
    expect(await result).toBe('second look');
  });

  it('runs every pollMs, and its errors are events', async () => {
    const { waiting, bus } = await pair();
    let calls = 0;
    const check = async (): Promise<string | undefined> => {
      calls++;
      if (calls === 1) throw new Error('store away');
      return calls === 3 ? 'third look' : undefined;
    };
    expect(await waiting.waitFor('x', { check, pollMs: 5 })).toBe('third look');
    expect(bus.stats().listenerErrors).toBe(1);
  });

  it('is aborted when nobody waits any more', async () => {
    const { waiting, producer } = await pair();
    let signal: AbortSignal | undefined;
    const check = (_: string, given: AbortSignal): Promise<undefined> => {
      signal = given;
      return new Promise(() => {});
    };
    const result = waiting.waitFor('x', { check });
    await producer.resolve(waiting.replyTo, 'x', 'by message');
    await result;
    expect(signal?.aborted).toBe(true);
  });

  it('of ten thousand waiters runs for sixteen at once', async () => {
    const { waiting } = await pair();
    let running = 0;
    let most = 0;
    const check = async (): Promise<string> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return 'ok';
    };
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => waiting.waitFor(String(i), { check })));
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe('an end without a result', () => {
  it('comes by abort, in the same turn as the result', async () => {
    const { waiting } = await pair();
    const controller = new AbortController();
    const result = waiting.waitFor('x', { signal: controller.signal });
    controller.abort(new Error('left'));
    await waiting.resolve(waiting.replyTo, 'x', 'too late');
    await expect(result).rejects.toThrow('left');
    expect(waiting.pending).toBe(0);
  });

  it('of ten thousand aborts leaves nothing', async () => {
    const { waiting } = await pair();
    const controllers = Array.from({ length: 100 }, () => new AbortController());
    const all = Array.from({ length: 10_000 }, (_, i) =>
      waiting.waitFor(String(i), { signal: controllers[i % 100]!.signal, timeoutMs: 60_000 }),
    );
    for (const controller of controllers) controller.abort(new Error('all left'));
    const ends = await Promise.allSettled(all);
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
    expect(waiting.pending).toBe(0);
    expect(controllers.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
  });

  it('comes when the inbox is full, closed, or its bus is closed', async () => {
    const { waiting, bus } = await pair({ maxPending: 1 });
    const first = waiting.waitFor('x');
    await expect(waiting.waitFor('y')).rejects.toMatchObject({ code: 'ERR_INBOX_FULL', maxPending: 1 });
    await bus.close();
    await expect(first).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' });
    await expect(waiting.waitFor('z')).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' });
  });

  it('is never an unhandled rejection', async () => {
    const { waiting } = await pair();
    const unhandled = vi.fn<(reason: unknown) => void>();
    process.on('unhandledRejection', unhandled);
    void waiting.waitFor('x', { timeoutMs: 1 });
    await until(() => waiting.pending === 0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('options', () => {
  it('are checked by name', async () => {
    const bus = await startedBus();
    expect(() => createInbox({ bus, name: '' })).toThrow(/^name:/);
    expect(() => createInbox({ bus, name: 'x', maxPending: 0 })).toThrow(/^maxPending: .* got 0/);
    expect(() => createInbox({ bus, name: 'x', earlyMs: -1 })).toThrow(/^earlyMs: .* got -1/);
    const inbox = createInbox({ bus, name: 'x' });
    await expect(inbox.waitFor('')).rejects.toThrow(/^id:/);
    await expect(inbox.waitFor('a', { timeoutMs: -1 })).rejects.toThrow(/^timeoutMs: .* got -1/);
    expect(() => createInbox({ bus, name: 'x' })).toThrow('name: this bus has an inbox called x already');
    await expect(inbox.resolve(inbox.replyTo, '', 1)).rejects.toThrow(/^id:/);
    await expect(inbox.reject(inbox.replyTo, 'a', undefined as never)).rejects.toThrow(/^error: expected an object/);
  });

  it('a name is free again after close', async () => {
    const bus = await startedBus();
    await createInbox({ bus, name: 'x' }).close();
    expect(() => createInbox({ bus, name: 'x' })).not.toThrow();
  });
});
