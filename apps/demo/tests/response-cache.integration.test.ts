import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ThrowSwitch } from '../src/run/live.ts';
import { openStage, type Stage } from '../src/run/stage.ts';
import { checkFailingRebuild } from '../src/scenarios/response-cache/failing.ts';
import { checkClientCache, checkTags } from '../src/scenarios/response-cache/headers.ts';
import { boundsOf, loadOf, type Load } from '../src/scenarios/response-cache/plan.ts';
import { runLoad, withReplicas, type PolledPhase } from '../src/scenarios/response-cache/pollers.ts';
import { checkSharedCache } from '../src/scenarios/response-cache/shared-cache.ts';
import type { Reporter } from '../src/scenarios/scenario.ts';
import { schema } from '../src/scenarios/response-cache/schema.ts';

const silent = { progress: (): void => {} };
/** Short, and slow enough for a busy machine: the stall alone makes clients give up. */
const load: Load = {
  ...loadOf({ size: 'fast' }),
  durationMs: 4_000,
  clients: 4,
  stallMs: 1_500,
  stallAtMs: 500,
  timeoutMs: 750,
};

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.admin.query(schema);
});
afterAll(() => stage.close());

const run = (name: 'before' | 'after', reporter: Reporter = silent): Promise<PolledPhase> =>
  withReplicas(name, 2, { ...load, retryMs: 1_000 }, stage, (set) => runLoad(name, set, load, 20, stage, reporter));

it('makes clients wait for the lock and give up before', async () => {
  const { counts, tallies, lockWaiters } = await run('before');

  expect(counts['BuildActiveChallenges']!.server).toBeGreaterThan(30);
  expect(tallies!['timeouts']).toBeGreaterThan(0);
  expect(lockWaiters).toBeGreaterThan(4);
});

it('rebuilds once for each TTL and replica after, and answers with bytes that it has', async () => {
  const { counts, tallies, errors } = await run('after');
  const bound = boundsOf(load, 2).find(({ name }) => name === 'BuildActiveChallenges')!.bound;

  expect(errors).toBe(0);
  expect(tallies!['timeouts']).toBeUndefined();
  expect(counts['BuildActiveChallenges']!.server).toBeLessThanOrEqual(bound);
  expect(tallies!['challenges not modified']).toBeGreaterThan(0.8 * tallies!['challenges conditional']!);
  expect(counts['GetLeaderboardPage']!.server).toBe(20);
});

it('lets the page break the rebuild, and serves on', async () => {
  let broken: Promise<string> | undefined;
  const reporter: Reporter = {
    // The first builds are over when the first requests have been answered.
    progress: (text) => {
      if (/^after: [1-9]/.test(text)) broken ??= throwSwitch?.();
    },
    offer: (switches) => (throwSwitch ??= switches['break-rebuild']),
  };
  let throwSwitch: ThrowSwitch | undefined;

  const phase = await run('after', reporter);

  expect(await broken).toBe('the rebuild failed for 3 s');
  expect(phase).toMatchObject({ errors: 0, chaos: ['rebuild broken', 'rebuild mended'] });
});

it('serves the old bytes while a rebuild fails, and an error where there are none', async () => {
  expect(await checkFailingRebuild(stage)).toMatchObject({ ok: true });
});

it('gives the same tag on every replica, and headers that a client cache and nginx agree with', async () => {
  expect(await checkTags(stage, 2)).toMatchObject({ ok: true });
  expect(await checkClientCache(stage)).toMatchObject({ ok: true });
  expect(await checkSharedCache(stage)).toMatchObject({ ok: true });
});
