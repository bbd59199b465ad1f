import { fakeClock, until } from '@corral-internal/test-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import type { BusEvent } from './events.ts';
import { createInvalidator, type Invalidator } from './invalidator.ts';
import { kind, type Kind } from './kind.ts';
import { createMemoryHub, memoryTransport, type MemoryFaults, type MemoryHub } from './memory.ts';
import type { BusOptions } from './settings.ts';

type Kinds = { providers: Kind<void>; userPrompt: Kind<{ userId: string }> };
const kinds: Kinds = { providers: kind<void>(), userPrompt: kind<{ userId: string }>() };

interface Replica {
  readonly bus: Bus;
  readonly topic: Invalidator<Kinds>;
  readonly cache: Map<string, string>;
  readonly events: BusEvent[];
}

const buses: Bus[] = [];
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close({ drainMs: 50 })));
});

function replica(hub: MemoryHub, faults: MemoryFaults = {}, options: Partial<BusOptions> = {}): Replica {
  const events: BusEvent[] = [];
  const bus = createBus({
    transport: memoryTransport({ hub, faults }),
    namespace: 'chat',
    heartbeatMs: 40,
    pingMs: 40,
    pingTimeoutMs: 80,
    onEvent: (event) => events.push(event),
    ...options,
  });
  buses.push(bus);
  const topic = createInvalidator({ bus, topic: 'config_change', kinds });
  const cache = new Map<string, string>();
  topic.bind(cache, { keys: { providers: () => ['providers'], userPrompt: ({ userId }) => [`prompt:${userId}`] } });
  return { bus, topic, cache, events };
}

async function started(hub: MemoryHub, faults: MemoryFaults = {}, options: Partial<BusOptions> = {}): Promise<Replica> {
  const made = replica(hub, faults, options);
  await made.bus.start();
  made.cache.set('providers', 'old').set('prompt:1', 'old').set('prompt:2', 'old');
  return made;
}

describe('publish', () => {
  it('reaches the own replica at once and the others soon', async () => {
    const hub = createMemoryHub();
    const [a, b] = [await started(hub), await started(hub)];
    const sent = a.topic.publish('userPrompt', { userId: '1' });
    expect([...a.cache.keys()]).toEqual(['providers', 'prompt:2']);
    await sent;
    await until(() => b.cache.size === 2);
    expect([...b.cache.keys()]).toEqual(['providers', 'prompt:2']);
  });

  it('sends the same hint once when it is published many times in one turn', async () => {
    const hub = createMemoryHub();
    const [a, b] = [await started(hub), await started(hub)];
    await Promise.all(Array.from({ length: 100 }, () => a.topic.publish('providers')));
    await until(() => !b.cache.has('providers'));
    expect(a.bus.stats()).toMatchObject({ published: 1, messagesSent: 1 });
  });

  it('rejects after publishRetryMs, and the hint arrives when the broker is back', async () => {
    const hub = createMemoryHub();
    let partitioned = false;
    const [a, b] = [await started(hub, { partitioned: () => partitioned }, { publishRetryMs: 60 }), await started(hub)];
    partitioned = true;
    await expect(a.topic.publish('userPrompt', { userId: '1' })).rejects.toMatchObject({
      code: 'ERR_BUS_PUBLISH',
      channel: 'chat:config_change',
    });
    expect(a.events.some(({ type }) => type === 'publish-failed')).toBe(true);
    b.cache.set('prompt:1', 'stale');
    partitioned = false;
    await until(() => !b.cache.has('prompt:1'));
  });

  it('says so when the bus was never started', async () => {
    const { topic, bus } = replica(createMemoryHub(), {}, { publishRetryMs: 1 });
    const sent = topic.publish('providers');
    await bus.close();
    await expect(sent).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    await expect(topic.publish('providers')).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
  });

  it('collapses to one gap when the queue is full', async () => {
    const hub = createMemoryHub();
    let partitioned = false;
    const [a, b] = [
      await started(hub, { partitioned: () => partitioned }, { batch: { maxQueue: 10 } }),
      await started(hub),
    ];
    partitioned = true;
    const sent = Array.from({ length: 500 }, (_, i) => a.topic.publish('userPrompt', { userId: String(i) }));
    expect(a.bus.health().queue).toBeLessThanOrEqual(30);
    expect(a.bus.health().gaps.overflow).toBe(1);
    partitioned = false;
    await Promise.all(sent);
    await until(() => b.bus.health().gaps.overflow === 1);
    expect(b.cache.size).toBe(0);
  });

  it('turns a payload that no message can carry into "everything changed"', async () => {
    const hub = createMemoryHub();
    const [a, b] = [await started(hub), await started(hub)];
    await a.topic.publish('userPrompt', { userId: 'x'.repeat(2_000_000) });
    await until(() => b.cache.size === 0);
    expect(b.bus.health().gaps).toMatchObject({ overflow: 1, sequence: 0 });
  });
});

describe('a loss', () => {
  it('of a message between two others is noticed with the next one', async () => {
    const hub = createMemoryHub();
    let lose = false;
    const [a, b] = [await started(hub), await started(hub, { drop: ({ data }) => lose && data.includes('"h":') })];
    await a.topic.publish('providers');
    lose = true;
    await a.topic.publish('userPrompt', { userId: '1' });
    lose = false;
    await a.topic.publish('userPrompt', { userId: '2' });
    await until(() => b.cache.size === 0);
    expect(b.bus.health().gaps.sequence).toBe(1);
  });

  it('of the last message is noticed by the heartbeat', async () => {
    const hub = createMemoryHub();
    const [a, b] = [await started(hub), await started(hub, { drop: ({ data }) => data.includes('"h":') })];
    await a.topic.publish('userPrompt', { userId: '1' });
    await until(() => b.cache.size === 0);
    expect(b.bus.health().gaps).toMatchObject({ sequence: 1, reconnect: 0 });
  });

  it('of a whole publisher is noticed by its silence', async () => {
    const hub = createMemoryHub();
    let dead = false;
    const a = await started(hub, { drop: ({ direction }) => dead && direction === 'out' });
    const b = await started(hub);
    await until(() => b.bus.stats().publishers === 1);
    dead = true;
    await until(() => b.bus.health().gaps.silence === 1);
    expect(b.cache.size).toBe(0);
    expect(a.bus.health().state).not.toBe('closed');
  });

  it('is none when a bus says goodbye', async () => {
    const hub = createMemoryHub();
    const [a, b] = [await started(hub), await started(hub)];
    await until(() => b.bus.stats().publishers === 1);
    await a.bus.close();
    await until(() => b.bus.stats().publishers === 0);
    expect(b.bus.health().gaps).toMatchObject({ silence: 0, sequence: 0 });
  });

  it.each([
    ['undecodable', '{"v":1,"h":[["providers"'],
    ['undecodable', '{"v":2,"h":[["providers",1]]}'],
    ['unknown-kind', '{"v":1,"h":[["models",1]]}'],
    ['unknown-kind', '{"v":1,"h":[["providers",2]]}'],
    ['unknown-kind', '{"v":1,"h":[["__proto__",1]]}'],
    ['overflow', '{"v":1,"c":1}'],
  ] as const)('becomes the gap %s when somebody sends %s', async (reason, data) => {
    const hub = createMemoryHub();
    const { bus, cache } = await started(hub);
    await memoryTransport({ hub }).publish([{ channel: 'chat:config_change', data }], new AbortController().signal);
    await until(() => cache.size === 0);
    expect(bus.health().gaps[reason]).toBe(1);
  });
});

describe('a session', () => {
  it('that ends makes the bus suspect, and one gap clears after the next acknowledgement', async () => {
    const hub = createMemoryHub();
    const { bus, cache, events } = await started(hub);
    hub.disconnectAll();
    expect(bus.health().state).toBe('suspect');
    expect(cache.size).toBe(3);
    await until(() => bus.health().state === 'live');
    expect(cache.size).toBe(0);
    expect(bus.health().gaps).toMatchObject({ 'first-subscribe': 1, reconnect: 1, silence: 0 });
    const order = events.flatMap((event) =>
      event.type === 'gap' ? event.gap.reason : event.type === 'state' ? event.state : [],
    );
    expect(order).toEqual(['first-subscribe', 'live', 'suspect', 'reconnect', 'live']);
  });

  it('that is silent is given up after ping and deadline', async () => {
    const hub = createMemoryHub();
    let partitioned = false;
    const { bus, cache } = await started(hub, { partitioned: () => partitioned });
    partitioned = true;
    await until(() => bus.health().state !== 'live' && hub.sessions === 0);
    partitioned = false;
    await until(() => bus.health().state === 'live');
    expect(bus.health().gaps.silence).toBe(1);
    expect(cache.size).toBe(0);
    expect(hub.sessions).toBe(1);
  });

  it('whose publisher is cut off becomes suspect, since its own heartbeat does not come back', async () => {
    const hub = createMemoryHub();
    let deaf = false;
    const { bus, cache } = await started(hub, { drop: ({ direction }) => deaf && direction === 'out' });
    deaf = true;
    await until(() => bus.health().state === 'suspect');
    deaf = false;
    await until(() => bus.health().state === 'live');
    expect(bus.health().gaps.silence).toBe(1);
    expect(cache.size).toBe(0);
  });

  it('takes along a topic that was made while it was being opened', async () => {
    const hub = createMemoryHub();
    const { bus } = replica(hub);
    const starting = bus.start();
    const late = createInvalidator({ bus, topic: 'late', kinds });
    await starting;
    await late.ready();
    expect(bus.health().gaps['first-subscribe']).toBeGreaterThanOrEqual(1);
  });

  it('clears what was cached before the first acknowledgement', async () => {
    const { bus, cache } = replica(createMemoryHub());
    cache.set('providers', 'from before');
    await bus.start();
    expect(cache.size).toBe(0);
  });
});

describe('start', () => {
  it('rejects after startTimeoutMs and goes on trying', async () => {
    let partitioned = true;
    const { bus } = replica(createMemoryHub(), { partitioned: () => partitioned }, { startTimeoutMs: 20 });
    await expect(bus.start()).rejects.toMatchObject({ code: 'ERR_BUS_START', name: 'BusStartError' });
    partitioned = false;
    await until(() => bus.health().state === 'live');
    await bus.start();
  });

  it('lets one caller leave alone', async () => {
    let partitioned = true;
    const { bus } = replica(createMemoryHub(), { partitioned: () => partitioned });
    const controller = new AbortController();
    const [left, stayed] = [bus.start({ signal: controller.signal }), bus.start()];
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    partitioned = false;
    await stayed;
  });

  it('opens nothing for a signal that has aborted', async () => {
    const hub = createMemoryHub();
    const { bus } = replica(hub);
    await expect(bus.start({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(hub.sessions).toBe(0);
  });

  it('rejects when the bus is closed meanwhile, and afterwards', async () => {
    const { bus } = replica(createMemoryHub(), { partitioned: () => true });
    const starting = bus.start();
    await bus.close({ drainMs: 0 });
    await expect(starting).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    await expect(bus.start()).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
  });
});

describe('close', () => {
  it('sends what is queued, once, and leaves no session', async () => {
    const hub = createMemoryHub();
    const [a, b] = [await started(hub), await started(hub)];
    const sent = a.topic.publish('providers');
    await Promise.all([a.bus.close(), a.bus.close()]);
    await sent;
    await until(() => !b.cache.has('providers'));
    expect(a.bus.health().state).toBe('closed');
    expect(hub.sessions).toBe(1);
  });

  it('waits for a dead broker no longer than drainMs, and rejects what is left', async () => {
    let partitioned = false;
    const { bus, topic } = await started(createMemoryHub(), { partitioned: () => partitioned });
    partitioned = true;
    const sent = topic.publish('providers');
    await bus.close({ drainMs: 10 });
    await expect(sent).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    try {
      const { bus } = await started(createMemoryHub());
      const closing = bus.close();
      await vi.advanceTimersByTimeAsync(0);
      await closing;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('options', () => {
  const transport = memoryTransport();
  it.each([
    [{ transport: undefined }, /^transport: expected a transport/],
    [{ namespace: '' }, /^namespace: expected a string that is not empty, got ''/],
    [{ heartbeatMs: 0 }, /^heartbeatMs: expected milliseconds above 0 or Infinity, got 0/],
    [{ pingMs: Number.NaN }, /^pingMs: .* got NaN/],
    [{ pingTimeoutMs: Infinity }, /^pingTimeoutMs: expected milliseconds above 0, got Infinity/],
    [{ publishRetryMs: -1 }, /^publishRetryMs: .* got -1/],
    [{ startTimeoutMs: '5' }, /^startTimeoutMs: .* got 5/],
    [{ batch: { maxQueue: 0.5 } }, /^batch.maxQueue: expected an integer >= 1, got 0.5/],
  ])('%o is refused', (wrong, message) => {
    expect(() => createBus({ transport, namespace: 'n', ...wrong } as never)).toThrow(message);
  });

  it('survive an explicit undefined', () => {
    expect(() => createBus({ transport, namespace: 'n', heartbeatMs: undefined, batch: undefined })).not.toThrow();
  });

  it('now is the only clock', () => {
    const clock = fakeClock(1_000);
    const bus = createBus({ transport, namespace: 'n', now: clock.now });
    clock.advance(250);
    expect(bus.health().sinceMs).toBe(250);
  });
});

it('a listener that throws breaks nothing', async () => {
  const hub = createMemoryHub();
  const a = await started(
    hub,
    {},
    {
      onEvent: () => {
        throw new Error('from onEvent');
      },
    },
  );
  a.topic.on('providers', () => {
    throw new Error('from a listener');
  });
  await a.topic.publish('providers');
  expect(a.cache.has('providers')).toBe(false);
  expect(a.bus.stats().listenerErrors).toBe(1);
});

it('every event goes to the diagnostics channel', async () => {
  const { subscribe, unsubscribe } = await import('node:diagnostics_channel');
  const seen: unknown[] = [];
  const take = (event: unknown): void => void seen.push(event);
  subscribe('corral:pubsub-invalidate', take);
  await started(createMemoryHub());
  unsubscribe('corral:pubsub-invalidate', take);
  expect(seen).toContainEqual(expect.objectContaining({ type: 'state', state: 'live' }));
});

it('an object that is no bus is refused', () => {
  expect(() => createInvalidator({ bus: {} as Bus, topic: 't', kinds })).toThrow(
    'bus: expected a bus made by createBus',
  );
});
