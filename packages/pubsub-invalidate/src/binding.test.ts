import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import { createInvalidator, type Invalidator } from './invalidator.ts';
import { kind, type Kind } from './kind.ts';
import { createMemoryHub, memoryTransport, type MemoryHub } from './memory.ts';

type Kinds = { model: Kind<{ id: string }>; all: Kind<void> };
let hub: MemoryHub;
let bus: Bus;
let topic: Invalidator<Kinds>;

beforeEach(async () => {
  vi.useFakeTimers();
  hub = createMemoryHub();
  bus = createBus({ transport: memoryTransport({ hub }), namespace: 'n' });
  topic = createInvalidator({ bus, topic: 't', kinds: { model: kind<{ id: string }>(), all: kind<void>() } });
  await bus.start();
});
afterEach(async () => {
  const closing = bus.close();
  await vi.advanceTimersByTimeAsync(2_000);
  await closing;
  vi.useRealTimers();
});

const target = () => ({ delete: vi.fn<(key: string) => unknown>(), clear: vi.fn<() => unknown>() });

describe('bind', () => {
  it('deletes each key that the kind touches', async () => {
    const cache = target();
    topic.bind(cache, { keys: { model: ({ id }) => [`m:${id}`, `name:${id}`] } });
    await topic.publish('model', { id: '1' });
    expect(cache.delete.mock.calls).toEqual([['m:1'], ['name:1']]);
    await topic.publish('all');
    expect(cache.clear).not.toHaveBeenCalled();
  });

  it('takes one key for one key, not for its characters', async () => {
    const cache = target();
    topic.bind(cache, { keys: { model: ({ id }) => `m:${id}` } });
    await topic.publish('model', { id: '1' });
    expect(cache.delete.mock.calls).toEqual([['m:1']]);
  });

  it("clears for 'all'", async () => {
    const cache = target();
    topic.bind(cache, { keys: { all: () => 'all' } });
    await topic.publish('all');
    expect(cache.clear).toHaveBeenCalledTimes(1);
  });

  it('clears when the keys cannot be derived', async () => {
    const cache = target();
    topic.bind(cache, { keys: { model: ({ id }) => [id.toUpperCase()] } });
    await topic.publish('model', { id: undefined as never });
    expect(cache.clear).toHaveBeenCalledTimes(1);
    expect(bus.stats().listenerErrors).toBe(1);
  });

  it('goes on when a target throws or rejects', async () => {
    const [broken, rejecting, fine] = [target(), target(), target()];
    broken.delete.mockImplementation(() => {
      throw new Error('broken');
    });
    rejecting.delete.mockRejectedValue(new Error('rejecting'));
    for (const one of [broken, rejecting, fine]) topic.bind(one, { keys: { model: ({ id }) => [id] } });
    await topic.publish('model', { id: '1' });
    await vi.advanceTimersByTimeAsync(0);
    expect(fine.delete).toHaveBeenCalledWith('1');
    expect(bus.stats().listenerErrors).toBe(2);
  });

  it('hears nothing after dispose', async () => {
    const cache = target();
    topic.bind(cache, { keys: { model: ({ id }) => [id] } }).dispose();
    await topic.publish('model', { id: '1' });
    hub.disconnectAll();
    await vi.advanceTimersByTimeAsync(200);
    expect([cache.delete.mock.calls, cache.clear.mock.calls]).toEqual([[], []]);
  });

  it('refuses a kind that the topic does not have', () => {
    expect(() => topic.bind(target(), { keys: { modle: () => [] } } as never)).toThrow(
      'keys: modle is not a kind of this topic',
    );
    expect(() => topic.bind({} as never, { keys: {} })).toThrow(/^target: expected/);
    expect(() => topic.bind(target(), { keys: {}, whileSuspect: 'bypass' as never })).toThrow(
      /^whileSuspect: expected 'serve' or 'clear', got bypass/,
    );
    expect(() => topic.bind(target(), { keys: {}, recheckMs: 0 })).toThrow(/^recheckMs: .* got 0/);
  });
});

describe('a gap', () => {
  it('clears once, after the acknowledgement', async () => {
    const cache = target();
    const binding = topic.bind(cache, { keys: {} });
    expect(binding.trusted).toBe(true);
    hub.disconnectAll();
    expect(binding.trusted).toBe(false);
    expect(cache.clear).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(binding.trusted).toBe(true);
    expect(cache.clear).toHaveBeenCalledTimes(1);
  });

  it('goes to an own answer instead, but "everything changed" clears in any case', async () => {
    const cache = target();
    const onGap = vi.fn<(gap: unknown) => void>();
    topic.bind(cache, { keys: {}, onGap });
    hub.disconnectAll();
    await vi.advanceTimersByTimeAsync(200);
    expect(onGap).toHaveBeenCalledWith(expect.objectContaining({ reason: 'reconnect', channels: ['n:t'] }));
    expect(cache.clear).not.toHaveBeenCalled();
    await memoryTransport({ hub }).publish([{ channel: 'n:t', data: '{"v":1,"c":1}' }], new AbortController().signal);
    await vi.advanceTimersByTimeAsync(0);
    expect(cache.clear).toHaveBeenCalledTimes(1);
  });
});

describe("whileSuspect: 'clear'", () => {
  it('clears at the first doubt and each heartbeat until the session is back', async () => {
    let partitioned = false;
    const own = createBus({
      transport: memoryTransport({ hub, faults: { partitioned: () => partitioned } }),
      namespace: 'n',
    });
    const cache = target();
    const at = createInvalidator({ bus: own, topic: 't', kinds: { all: kind<void>() } });
    at.bind(cache, { keys: {}, whileSuspect: 'clear' });
    await own.start();
    expect(cache.clear).toHaveBeenCalledTimes(1);
    partitioned = true;
    await vi.advanceTimersByTimeAsync(3_300);
    const atDoubt = cache.clear.mock.calls.length;
    expect(atDoubt).toBeGreaterThanOrEqual(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(cache.clear.mock.calls.length).toBeGreaterThanOrEqual(atDoubt + 4);
    const closing = own.close({ drainMs: 0 });
    await vi.advanceTimersByTimeAsync(2_000);
    await closing;
  });
});

describe('recheckMs', () => {
  it('repeats each deletion, for loads that read from a lagging replica', async () => {
    const cache = target();
    topic.bind(cache, { keys: { model: ({ id }) => [id], all: () => 'all' }, recheckMs: 500 });
    await topic.publish('model', { id: '1' });
    await vi.advanceTimersByTimeAsync(200);
    await topic.publish('all');
    expect(cache.delete).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(510);
    expect(cache.clear).toHaveBeenCalledTimes(2);
  });

  it('keeps a bounded list: ten thousand keys become one clear', async () => {
    const cache = target();
    const ids = Array.from({ length: 10_001 }, (_, i) => String(i));
    topic.bind(cache, { keys: { all: () => ids }, recheckMs: 500 });
    await topic.publish('all');
    await vi.advanceTimersByTimeAsync(510);
    expect(cache.delete).toHaveBeenCalledTimes(10_001);
    expect(cache.clear).toHaveBeenCalledTimes(1);
  });
});

describe('kinds', () => {
  it('decode what older replicas send, and not what this process publishes', async () => {
    const other = createBus({ transport: memoryTransport({ hub }), namespace: 'n' });
    const decode = vi.fn<(raw: unknown, version: number) => { id: string }>((raw, version) =>
      version === 1 ? { id: raw as string } : (raw as { id: string }),
    );
    const model = kind<{ id: string }>({ version: 2, decode });
    const mixed = createInvalidator({ bus: other, topic: 't', kinds: { model } });
    const got: string[] = [];
    mixed.on('model', ({ id }, { own }) => got.push(`${id} ${own}`));
    await other.start();
    await memoryTransport({ hub }).publish(
      [{ channel: 'n:t', data: '{"v":1,"h":[["model",1,"from v1"]]}' }],
      new AbortController().signal,
    );
    await vi.advanceTimersByTimeAsync(0);
    await mixed.publish('model', { id: 'own' });
    expect(got).toEqual(['from v1 false', 'own true']);
    expect(decode).toHaveBeenCalledTimes(1);
    const closing = other.close();
    await vi.advanceTimersByTimeAsync(0);
    await closing;
  });

  it('of a newer release are ignored where that is asked for', async () => {
    const other = createBus({ transport: memoryTransport({ hub }), namespace: 'n' });
    const calm = createInvalidator({ bus: other, topic: 't', kinds: { all: kind<void>() }, unknownKind: 'ignore' });
    const gaps: unknown[] = [];
    await other.start();
    await calm.ready();
    calm.onGap((gap) => gaps.push(gap));
    await topic.publish('model', { id: '1' });
    await vi.advanceTimersByTimeAsync(0);
    expect(other.stats()).toMatchObject({ delivered: 1 });
    expect(gaps).toEqual([]);
    const closing = other.close();
    await vi.advanceTimersByTimeAsync(0);
    await closing;
  });

  it('that do not exist are refused', async () => {
    await expect(topic.publish('nothing' as never)).rejects.toThrow(
      'kind: nothing is not one of this topic: model, all',
    );
    await expect(topic.publish('model', { id: 1n as never })).rejects.toThrow(TypeError);
    expect(() => topic.on('toString' as never, () => {})).toThrow(/^kind:/);
    expect(() => kind({ version: 0 })).toThrow(/^version: .* got 0/);
    expect(() => createInvalidator({ bus, topic: '~beat', kinds: {} })).toThrow(
      /^topic: '~' at the beginning is reserved/,
    );
    expect(() => createInvalidator({ bus, topic: 'x', kinds: {}, unknownKind: 'x' as never })).toThrow(/^unknownKind:/);
  });
});

it('two invalidators of one topic on one bus hear each other', async () => {
  const cache = target();
  createInvalidator({ bus, topic: 't', kinds: { model: kind<{ id: string }>(), all: kind<void>() } }).bind(cache, {
    keys: { model: ({ id }) => [id] },
  });
  await topic.publish('model', { id: '1' });
  expect(cache.delete).toHaveBeenCalledWith('1');
});
