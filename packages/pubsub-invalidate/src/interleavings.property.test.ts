import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BOUND_MS, HEARTBEAT_MS, KEYS, LOSS_BOUND_MS, World, type Replica } from './world.fixture.ts';

/** MODEL_RUNS=n for a long hunt. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 200);
const LIMIT_MS = Math.max(60_000, RUNS * 200);

const who = fc.nat(2);
const key = fc.constantFrom(...KEYS);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), who, key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('load' as const), who, key }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('let pass' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(2 * HEARTBEAT_MS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'duplicate' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('partition' as const), who, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets what is on its way pass, one after the other, in the order that the scheduler chooses. */
async function pass(scheduler: fc.Scheduler, count: number): Promise<void> {
  for (let left = count; left > 0 && scheduler.count() > 0; left--) {
    await scheduler.waitOne();
    await vi.advanceTimersByTimeAsync(0);
  }
}

async function play(world: World, scheduler: fc.Scheduler, commands: readonly Command[]): Promise<void> {
  const later = (store: () => void): void => void scheduler.schedule(Promise.resolve(), 'a load ends').then(store);
  for (const step of commands) {
    const replica: Replica | undefined = 'who' in step ? world.replicas[step.who] : undefined;
    if (step.do === 'write') world.write(replica!, step.key);
    else if (step.do === 'load') replica!.cache.load(step.key, () => world.source.get(step.key)!, later);
    else if (step.do === 'let pass') await pass(scheduler, step.count);
    else if (step.do === 'advance') await vi.advanceTimersByTimeAsync(step.ms);
    else if (step.do === 'partition') replica!.faults.partitioned = step.on;
    else if (step.do === 'restart') world.hub.disconnectAll();
    else replica!.faults[step.do] += 1;
    await vi.advanceTimersByTimeAsync(0);
  }
}

/** No more faults, and nothing is held back: everybody must become equal to the source. */
async function heal(world: World, scheduler: fc.Scheduler, boundMs: number): Promise<void> {
  for (const replica of world.replicas) Object.assign(replica.faults, { drop: 0, duplicate: 0, partitioned: false });
  for (let ms = 0; ms <= boundMs; ms += HEARTBEAT_MS) {
    await pass(scheduler, Infinity);
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
  }
  await pass(scheduler, Infinity);
}

/** The scheduler decides which message arrives next and which load ends next, however long the others have waited. */
async function runWorld(scheduler: fc.Scheduler, commands: readonly Command[]): Promise<void> {
  const world = new World(BOUND_MS, 'serve');
  const schedule = (deliver: () => void): void =>
    void scheduler.schedule(Promise.resolve(), 'a message arrives').then(deliver);
  for (let i = 0; i < 3; i++) {
    const added = world.add(schedule);
    await vi.advanceTimersByTimeAsync(0);
    await pass(scheduler, Infinity);
    await added;
  }
  await play(world, scheduler, commands);
  const sessionsLived = commands.every((step) => step.do !== 'partition' && step.do !== 'restart');
  await heal(world, scheduler, sessionsLived ? LOSS_BOUND_MS : BOUND_MS);

  const states = world.replicas.map((replica) => replica.bus.health().state);
  const wrong = world.replicas.flatMap(({ cache }) =>
    [...cache.held].filter(([name, version]) => world.source.get(name) !== version),
  );
  const closing = Promise.all(world.replicas.map((replica) => replica.bus.close()));
  for (let i = 0; i < 5; i++) {
    await vi.advanceTimersByTimeAsync(1_000);
    await pass(scheduler, Infinity);
  }
  await closing;
  expect(world.violations).toEqual([]);
  expect(wrong).toEqual([]);
  expect(states).toEqual(['live', 'live', 'live']);
  expect(vi.getTimerCount()).toBe(0);
}

it(
  'replicas never hold what an invalidation they were given has made stale, in whatever order messages and loads arrive',
  async () => {
    const commands = fc.array(command, { maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), commands, (scheduler, list) => runWorld(scheduler, list)),
      { numRuns: RUNS },
    );
  },
  LIMIT_MS,
);
