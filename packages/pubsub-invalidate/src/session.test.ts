import { until } from '@corral-internal/test-kit';
import { describe, expect, it, vi } from 'vitest';
import { createInvalidator } from './invalidator.ts';
import { createMemoryHub } from './memory.ts';
import { kinds, replica, started } from './replica.fixture.ts';

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

  it('does not wait for a batch that still gathers', async () => {
    vi.useFakeTimers();
    try {
      const { bus, topic } = await started(createMemoryHub(), {}, { batch: { maxDelayMs: 60_000 } });
      const sent = topic.publish('providers');
      const closing = bus.close();
      await vi.advanceTimersByTimeAsync(0);
      await Promise.all([sent, closing]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
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
