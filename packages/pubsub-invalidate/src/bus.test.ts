import { fakeClock, until } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import type { Gap } from './events.ts';
import { createInvalidator } from './invalidator.ts';
import { kind } from './kind.ts';
import { createMemoryHub, memoryTransport } from './memory.ts';
import { kinds, replica, started } from './replica.fixture.ts';

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
    const { topic } = replica(createMemoryHub(), {}, { publishRetryMs: 1 });
    await expect(topic.publish('providers')).rejects.toMatchObject({
      code: 'ERR_BUS_PUBLISH',
      message: expect.stringContaining('the bus was not started, call start()'),
    });
  });

  it('rejects what waits when the bus is closed, and everything afterwards', async () => {
    const { topic, bus } = replica(createMemoryHub());
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

  it('of everything is one gap, however many invalidators the topic has here', async () => {
    const hub = createMemoryHub();
    const { bus } = await started(hub);
    const gaps: Gap[] = [];
    for (let made = 0; made < 3; made++) {
      createInvalidator({ bus, topic: 'config_change', kinds }).onGap((gap) => gaps.push(gap));
    }
    const message = { channel: 'chat:config_change', data: '{"v":1,"c":1}' };
    await memoryTransport({ hub }).publish([message], new AbortController().signal);
    await until(() => gaps.length >= 3);
    expect(gaps.map(({ reason }) => reason)).toEqual(['overflow', 'overflow', 'overflow']);
    expect(bus.health().gaps.overflow).toBe(1);
  });
});

describe('a topic', () => {
  it('that was left is trusted no longer, though another invalidator still listens', async () => {
    const { bus, topic } = await started(createMemoryHub());
    const other = createInvalidator({ bus, topic: 'config_change', kinds });
    const [left, kept] = [topic, other].map((one) => one.bind(new Map(), { keys: {} }));
    expect([left!.trusted, kept!.trusted]).toEqual([true, true]);
    topic.close();
    expect([left!.trusted, kept!.trusted]).toEqual([false, true]);
  });

  it('lets nobody wait for an acknowledgement that cannot come any more', async () => {
    const { bus, topic } = replica(createMemoryHub());
    const other = createInvalidator({ bus, topic: 'other', kinds });
    const waiting = topic.ready();
    topic.close();
    await expect(waiting).rejects.toThrow('the topic chat:config_change was left: close() was called');
    await expect(topic.ready()).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    await bus.close();
    await expect(other.ready()).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED', message: 'the bus is closed' });
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
    [{ namespace: 'a\0b' }, /^namespace: a NUL character is not allowed/],
    [{ onEvent: 'log' }, /^onEvent: expected a function, got string/],
    [{ now: 5 }, /^now: expected a function, got number/],
  ])('%o is refused', (wrong, message) => {
    expect(() => createBus({ transport, namespace: 'n', ...wrong } as never)).toThrow(message);
  });

  it('of topics, kinds and bindings are checked too', () => {
    const bus = createBus({ transport, namespace: 'n' });
    expect(() => createInvalidator({ bus, topic: 'a\0b', kinds })).toThrow('topic: a NUL character is not allowed');
    expect(() => createInvalidator({ bus, topic: 't', kinds: { one: {} as never } })).toThrow(
      'kinds: expected one to be made by kind()',
    );
    expect(() => kind({ decode: 'json' as never })).toThrow('decode: expected a function, got string');
    const topic = createInvalidator({ bus, topic: 't', kinds });
    expect(() => topic.bind(new Map(), { keys: { providers: 'all' as never } })).toThrow(
      'keys: expected a function for providers, got string',
    );
    expect(() => topic.bind(new Map(), { keys: { providers: undefined } })).not.toThrow();
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
