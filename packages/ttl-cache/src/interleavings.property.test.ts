import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { action, keys, scheduled, windows, World, type Reading, untilIdle } from './interleavings.model.ts';
import { createMemoryTier } from './memory-tier.ts';

describe('under every interleaving of load, delete, clear, set, refresh, expiry and abort', () => {
  it('no later caller gets, and the cache never holds, a value older than the last invalidation', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(action, { maxLength: 30 }),
        windows,
        async (scheduler, actions, options) => {
          const world = new World(scheduler, options);
          scheduler.scheduleSequence(actions.map((action) => async () => world.act(action)));
          await untilIdle(scheduler);
          world.check();
          expect(world.problems).toEqual([]);
          world.checkCounters();
        },
      ),
      { numRuns: 400 },
    );
  });

  it('the same holds with a tier that answers late or not at all, for the process that invalidates', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(action, { maxLength: 25 }),
        windows,
        async (scheduler, actions, options) => {
          const box: { world?: World } = {};
          const inner = createMemoryTier<Reading>({ now: () => box.world?.nowMs ?? 0 });
          const world = new World(
            scheduler,
            options,
            scheduled(inner, scheduler, () => box.world?.away === true),
          );
          box.world = world;
          scheduler.scheduleSequence(actions.map((action) => async () => world.act(action)));
          await untilIdle(scheduler);
          world.check();
          expect(world.problems).toEqual([]);
          world.checkCounters();
          world.cache.close();
        },
      ),
      { numRuns: 400 },
    );
  });

  it('the same holds in another process, from the moment that it hears of the invalidation', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(action, { maxLength: 20 }),
        fc.array(action, { maxLength: 20 }),
        windows,
        async (scheduler, mine, others, options) => {
          const box: { world?: World } = {};
          const inner = createMemoryTier<Reading>({ now: () => box.world?.nowMs ?? 0 });
          const writer = new World(
            scheduler,
            options,
            scheduled(inner, scheduler, () => false),
          );
          const reader = new World(
            scheduler,
            options,
            scheduled(inner, scheduler, () => false),
          );
          box.world = writer;
          // One source, one clock; the reader only reads.
          Object.assign(reader, { version: writer.version });
          const hear = async (keys: readonly string[], change: () => void) => {
            const floors = keys.map((key) => writer.version[key]!);
            await writer.cache.settled();
            await scheduler.schedule(Promise.resolve(), 'message');
            change();
            keys.forEach((key, index) => {
              reader.floor[key] = Math.max(reader.floor[key]!, floors[index]!);
              reader.generation[key]!++;
            });
          };
          scheduler.scheduleSequence(
            mine.map((action) => async () => {
              writer.act(action);
              reader.nowMs = writer.nowMs;
              if (action.type === 'delete' || action.type === 'set')
                void hear([action.key], () => reader.cache.local.delete(action.key));
              if (action.type === 'clear') void hear(keys, () => reader.cache.local.clear());
            }),
          );
          scheduler.scheduleSequence(
            others
              .filter(({ type }) => ['load', 'refresh', 'get', 'abort'].includes(type))
              .map((action) => async () => reader.act(action)),
          );
          await untilIdle(scheduler);
          reader.check();
          writer.check();
          expect([...writer.problems, ...reader.problems]).toEqual([]);
          writer.checkCounters();
          reader.checkCounters();
        },
      ),
      { numRuns: 300 },
    );
  });
});
