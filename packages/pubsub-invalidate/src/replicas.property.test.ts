import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import { createInvalidator, type Invalidator } from './invalidator.ts';
import { kind, type Kind } from './kind.ts';
import { createMemoryHub, memoryTransport, type MemoryHub } from './memory.ts';

/**
 * Replicas over a faulty memory transport against the simplest model there is: a source of versions. What a replica holds
 * must never be older than the last invalidation it was given, nor stale for longer than the detection bound.
 */
const RUNS = 150;
const KEYS = ['a', 'b'] as const;
const HEARTBEAT_MS = 100;
/** Three heartbeats or a ping and its deadline; then a hanging connect (3 s), the longest back-off (2 s), and the delays of the faults. */
const BOUND_MS = 3 * HEARTBEAT_MS + 200 + 3_000 + 2_000 + 500;
/** While every session lives: three heartbeats, the half one that a heartbeat's news may need, a look of the bus, and the delay of the faults. */
const LOSS_BOUND_MS = 3 * HEARTBEAT_MS + HEARTBEAT_MS / 2 + HEARTBEAT_MS / 4 + 130;

type Kinds = { changed: Kind<{ key: string; version: number }> };

/** A cache whose loads in flight are voided by `delete` and `clear`, as ttl-cache's are. */
class FencedCache {
  readonly held = new Map<string, number>();
  #loads = new Map<string, object>();

  delete(key: string): void {
    this.held.delete(key);
    this.#loads.delete(key);
  }

  clear(): void {
    this.held.clear();
    this.#loads.clear();
  }

  /** Reads now, stores later: everything that goes wrong goes wrong in between. */
  load(key: string, read: () => number, afterMs: number): void {
    const ticket = {};
    this.#loads.set(key, ticket);
    const value = read();
    setTimeout(() => {
      if (this.#loads.get(key) === ticket) this.held.set(key, value);
    }, afterMs);
  }
}

interface Replica {
  readonly bus: Bus;
  readonly topic: Invalidator<Kinds>;
  readonly cache: FencedCache;
  faults: { drop: number; delayMs: number; duplicate: number; reorder: number; partitioned: boolean };
  faultyUntilMs: number;
}

interface Version {
  readonly key: string;
  readonly version: number;
  acceptedMs: number;
}

class World {
  readonly hub: MemoryHub = createMemoryHub();
  readonly replicas: Replica[] = [];
  readonly source = new Map<string, number>(KEYS.map((key) => [key, 0]));
  readonly versions: Version[] = [];
  readonly violations: string[] = [];
  readonly #boundMs: number;
  readonly #whileSuspect: 'serve' | 'clear';
  #next = 1;

  constructor(boundMs: number, whileSuspect: 'serve' | 'clear') {
    this.#boundMs = boundMs;
    this.#whileSuspect = whileSuspect;
  }

  async add(): Promise<void> {
    const faults = { drop: 0, delayMs: 0, duplicate: 0, reorder: 0, partitioned: false };
    const spend = (name: 'drop' | 'duplicate' | 'reorder'): boolean => faults[name] > 0 && faults[name]-- > 0;
    const transport = memoryTransport({
      hub: this.hub,
      faults: {
        drop: () => {
          const lost = spend('drop');
          if (lost) replica.faultyUntilMs = performance.now();
          return lost;
        },
        delayMs: () => faults.delayMs,
        duplicate: () => spend('duplicate'),
        reorder: () => spend('reorder'),
        partitioned: () => {
          if (faults.partitioned) replica.faultyUntilMs = performance.now();
          return faults.partitioned;
        },
      },
    });
    const bus = createBus({ transport, namespace: 'n', heartbeatMs: HEARTBEAT_MS, pingMs: 100, pingTimeoutMs: 100 });
    const topic = createInvalidator({ bus, topic: 't', kinds: { changed: kind<{ key: string; version: number }>() } });
    const cache = new FencedCache();
    const replica: Replica = { bus, topic, cache, faults, faultyUntilMs: 0 };
    topic.bind(cache, { keys: { changed: ({ key }) => [key] }, whileSuspect: this.#whileSuspect });
    topic.on('changed', ({ key, version }) => {
      const held = cache.held.get(key);
      if (held !== undefined && held < version)
        this.violations.push(`holds ${key}=${held} after the invalidation of ${version}`);
    });
    this.replicas.push(replica);
    await bus.start();
  }

  write(replica: Replica, key: string): void {
    const version: Version = { key, version: this.#next++, acceptedMs: Infinity };
    this.source.set(key, version.version);
    this.versions.push(version);
    replica.topic.publish('changed', { key, version: version.version }).then(
      () => {
        version.acceptedMs = performance.now();
      },
      () => {},
    );
  }

  check(): void {
    const nowMs = performance.now();
    for (const replica of this.replicas) {
      for (const [key, held] of replica.cache.held) {
        const newer = this.versions.find((one) => one.key === key && one.version > held);
        if (!newer) continue;
        const sinceMs =
          nowMs - Math.max(newer.acceptedMs, replica.faultyUntilMs, ...this.replicas.map((one) => one.faultyUntilMs));
        if (sinceMs > this.#boundMs)
          this.violations.push(`holds ${key}=${held}, stale for ${sinceMs} ms, ${replica.bus.health().state}`);
      }
    }
  }
}

const who = fc.nat(2);
const key = fc.constantFrom(...KEYS);
const quiet = [
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('write' as const), who, keys: fc.subarray([...KEYS], { minLength: 1 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('load' as const), who, key, ms: fc.nat(250) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(600) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delay' as const), who, ms: fc.nat(120) }) },
];
const losses = (max: number) => ({
  weight: 3,
  arbitrary: fc.record({
    do: fc.constantFrom('drop' as const, 'duplicate' as const, 'reorder' as const),
    who,
    count: fc.integer({ min: 1, max }),
  }),
});
const outages = [
  { weight: 2, arbitrary: fc.record({ do: fc.constant('partition' as const), who, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), who, key }) },
];
const anything = fc.oneof(...quiet, losses(60), ...outages);
const losing = fc.oneof(...quiet, losses(2));
type Command = typeof anything extends fc.Arbitrary<infer C> ? C : never;

async function play(world: World, commands: readonly Command[]): Promise<void> {
  for (const step of commands) {
    const replica = 'who' in step ? world.replicas[step.who]! : world.replicas[0]!;
    if (step.do === 'write') await writeEach(world, replica, step.keys);
    else if (step.do === 'load') replica.cache.load(step.key, () => world.source.get(step.key)!, step.ms);
    else if (step.do === 'delay') replica.faults.delayMs = step.ms;
    else if (step.do === 'partition') replica.faults.partitioned = step.on;
    else if (step.do === 'restart') restart(world, replica, step.key);
    else if (step.do === 'advance') await vi.advanceTimersByTimeAsync(step.ms);
    else replica.faults[step.do] = step.count;
    await vi.advanceTimersByTimeAsync(1);
    world.check();
  }
}

/** One message for each key: the first may be lost and the second arrive. */
async function writeEach(world: World, replica: Replica, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    world.write(replica, key);
    await vi.advanceTimersByTimeAsync(0);
  }
}

/** What is written between the end of a session and the next one reaches nobody. */
function restart(world: World, replica: Replica, key: string): void {
  world.hub.disconnectAll();
  world.write(replica, key);
}

async function heal(world: World, boundMs: number): Promise<void> {
  for (const replica of world.replicas)
    Object.assign(replica.faults, { drop: 0, delayMs: 0, duplicate: 0, reorder: 0, partitioned: false });
  await vi.advanceTimersByTimeAsync(boundMs + 1);
  world.check();
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function runWorld(commands: readonly Command[], boundMs: number, whileSuspect: 'serve' | 'clear'): Promise<void> {
  const world = new World(boundMs, whileSuspect);
  for (let i = 0; i < 3; i++) await world.add();
  await vi.advanceTimersByTimeAsync(2 * HEARTBEAT_MS);
  await play(world, commands);
  await heal(world, boundMs);
  const states = world.replicas.map((replica) => replica.bus.health().state);
  const closing = Promise.all(world.replicas.map((replica) => replica.bus.close()));
  await vi.advanceTimersByTimeAsync(5_000);
  await closing;
  expect(world.violations).toEqual([]);
  expect(states).toEqual(['live', 'live', 'live']);
  expect(vi.getTimerCount()).toBe(0);
}

describe('replicas over a faulty transport', () => {
  it('notice each lost, doubled and reordered message within three heartbeats', async () => {
    const commands = fc.array(losing, { maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(commands, (list) => runWorld(list, LOSS_BOUND_MS, 'clear')),
      { numRuns: RUNS },
    );
  }, 60_000);

  it('are equal to the source after partitions and restarts, and never hold what was invalidated', async () => {
    const commands = fc.array(anything, { maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(commands, fc.constantFrom('serve' as const, 'clear' as const), (list, mode) =>
        runWorld(list, BOUND_MS, mode),
      ),
      { numRuns: RUNS },
    );
  }, 60_000);
});
