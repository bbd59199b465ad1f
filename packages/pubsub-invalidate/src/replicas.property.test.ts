import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BOUND_MS, HEARTBEAT_MS, KEYS, LOSS_BOUND_MS, World, type Replica } from './world.fixture.ts';

/** MODEL_RUNS=n for a long hunt. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 100);
const LIMIT_MS = Math.max(60_000, RUNS * 200);

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
    else if (step.do === 'load')
      replica.cache.load(
        step.key,
        () => world.source.get(step.key)!,
        (store) => void setTimeout(store, step.ms),
      );
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
  it(
    'notice each lost, doubled and reordered message within three heartbeats',
    async () => {
      const commands = fc.array(losing, { maxLength: 60, size: 'max' });
      await fc.assert(
        fc.asyncProperty(commands, (list) => runWorld(list, LOSS_BOUND_MS, 'clear')),
        { numRuns: RUNS },
      );
    },
    LIMIT_MS,
  );

  it(
    'are equal to the source after partitions and restarts, and never hold what was invalidated',
    async () => {
      const commands = fc.array(anything, { maxLength: 60, size: 'max' });
      await fc.assert(
        fc.asyncProperty(commands, fc.constantFrom('serve' as const, 'clear' as const), (list, mode) =>
          runWorld(list, BOUND_MS, mode),
        ),
        { numRuns: RUNS },
      );
    },
    LIMIT_MS,
  );
});
