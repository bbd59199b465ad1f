import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoadReport } from '../load/recorder.ts';
import { startChild } from '../src/run/child.ts';
import { openStage, type Stage } from '../src/run/stage.ts';
import { checkAbortedCaller, checkAborts } from '../src/scenarios/cache-aside/aborts.ts';
import { runLoad, withReplicas } from '../src/scenarios/cache-aside/callers.ts';
import { checkRedisOutage } from '../src/scenarios/cache-aside/outage.ts';
import type { Load } from '../src/scenarios/cache-aside/plan.ts';
import { checkReaper } from '../src/scenarios/cache-aside/reaper.ts';
import type { Composition } from '../src/scenarios/cache-aside/replica.ts';
import { schema } from '../src/scenarios/cache-aside/schema.ts';
import type { Reporter } from '../src/scenarios/scenario.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.admin.query(schema);
});
afterAll(() => stage.close());

/** 40 callers of one cold key on two replicas: how many were served, and how many queries Postgres saw. */
async function stampede(composition: Composition): Promise<{ done: number; queries: number }> {
  const place = { replicas: 2, databaseUrl: stage.databaseUrl, redisUrl: (await stage.redis()).url };
  return withReplicas(composition, place, async ({ ports }) => {
    const driver = startChild('load/main.ts');
    try {
      await stage.serverCounts.reset();
      const profile = { ports, callers: 40, rounds: 1, everyMs: 1_000, withinMs: 50, firstUserId: 1 };
      const { done } = await driver.ask<LoadReport>('callers', profile);
      return { done, queries: (await stage.serverCounts.read())['GetUserByID'] ?? 0 };
    } finally {
      await driver.close();
    }
  });
}

it('asks once for each caller before, once in each process with memory, and once over all with the lease', async () => {
  expect(await stampede('before')).toEqual({ done: 40, queries: 40 });
  expect(await stampede('memory')).toEqual({ done: 40, queries: 2 });
  expect(await stampede('after')).toEqual({ done: 40, queries: 1 });
});

it('lets the page kill Redis under load, and nobody gets an error', async () => {
  let killed: Promise<string> | undefined;
  const reporter: Reporter = {
    progress: () => {},
    offer: (switches) => {
      killed ??= switches['kill-redis']?.();
    },
  };
  const load: Load = { callers: 20, rounds: 5, everyMs: 300, withinMs: 50 };
  const place = { replicas: 2, databaseUrl: stage.databaseUrl, redisUrl: (await stage.redis()).url };

  const { errors, chaos, counts } = await runLoad('after', load, place, stage, reporter);

  expect(await killed).toBe('Redis was dead for 3 s');
  expect({ errors, chaos }).toEqual({ errors: 0, chaos: ['Redis killed', 'Redis back, empty'] });
  expect(counts['GetUserByID']!.server).toBeLessThanOrEqual(10);
});

it('serves 60 of 100 callers with one query when the other 40 disconnect', async () => {
  expect(await checkAborts(stage)).toMatchObject({ ok: true });
  expect(await checkAbortedCaller(stage)).toMatchObject({ ok: true });
});

it('turns a Redis outage into misses', async () => {
  expect(await checkRedisOutage(stage)).toMatchObject({ ok: true });
});

it('gives the memory of expired entries back, in slices', async () => {
  expect(await checkReaper(stage)).toMatchObject({ ok: true });
});
