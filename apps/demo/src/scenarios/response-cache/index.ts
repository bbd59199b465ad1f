import { reductionOf, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { checkWitnesses, chosenPhases, conclude, createProbes, runPhases } from '../frame.ts';
import type { Reporter, RunOptions, Scenario } from '../scenario.ts';
import { breakRebuild } from './break-rebuild.ts';
import { checkFailingRebuild } from './failing.ts';
import { checkClientCache, checkTags } from './headers.ts';
import {
  boundsOf,
  leaderboardBound,
  leaderboardEvery,
  loadOf,
  planResponseCache,
  rateFor,
  scaleOf,
  wantedBusy,
  type Bound,
  type Load,
  type RowName,
} from './plan.ts';
import { id, measureBuildMs, runLoad, withReplicas, type PolledPhase } from './pollers.ts';
import type { ResponseCacheSettings } from './routes.ts';
import { schema } from './schema.ts';
import { checkSharedCache } from './shared-cache.ts';
import { checkPolls, checkShape, timedOut } from './shape.ts';

export const responseCache: Scenario = {
  id,
  title: 'Cached bytes, ETag and 304 on hot read endpoints',
  story:
    'A 32 KB answer was rebuilt for each of 11 requests a second, behind a write lock: in 0.7 s as a rule, in 200 s at worst, and one client in six gave up and tried again.',
  switches: [breakRebuild],
  knobs: ['replicas'],
  code: {
    before: { file: 'scenarios/response-cache/routes.ts', name: 'addRebuildingRoutes' },
    after: { file: 'scenarios/response-cache/routes.ts', name: 'addCachedRoutes' },
  },
  plan: planResponseCache,
  run: runResponseCache,
};

async function runResponseCache(
  options: RunOptions,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const load = loadOf(options);
  const { replicas } = options;
  const settings: ResponseCacheSettings = { ...load, retryMs: 1_000 };
  await stage.admin.query(schema);

  reporter.progress('measuring a build');
  const buildMs = await withReplicas('before', 1, settings, stage, measureBuildMs);
  const perSecond = rateFor(buildMs);
  const run = (name: 'before' | 'after'): Promise<PolledPhase> =>
    withReplicas(name, replicas, settings, stage, (set) => runLoad(name, set, load, perSecond, stage, reporter));
  const phases = await runPhases(chosenPhases(options), run, reporter, signal);
  const probes = createProbes(reporter, signal, options);
  if (options.after) {
    await probes.run('a failing rebuild', () => checkFailingRebuild(stage));
    await probes.run('tags', () => checkTags(stage, replicas));
    await probes.run('a client cache', () => checkClientCache(stage));
    await probes.run('a shared cache in front', () => checkSharedCache(stage));
  }

  const polls = Math.ceil((perSecond * load.durationMs) / 1_000 / leaderboardEvery);
  const shapes = phases.flatMap((phase) => (phase.name === 'before' ? [checkShape(phase)] : checkPolls(phase)));
  return conclude(responseCache, stage, {
    scale: scaleOf(load),
    configuration: { ...load, replicas, buildMs, perSecond },
    rows: [...boundsOf(load, replicas), leaderboardBound(polls, load)].map((bound) => rowOf(bound, phases)),
    checks: [...phases.map(checkWitnesses), ...shapes, ...probes.checks],
    phases,
    notes: notesOf(load, buildMs, perSecond),
    skipped: probes.skipped,
  });
}

/** What a row counts in a phase. */
const figures: Record<RowName, (phase: PolledPhase) => number> = {
  BuildActiveChallenges: ({ counts }) => counts['BuildActiveChallenges']?.server ?? 0,
  'attempts that timed out': timedOut,
  'waiting for the lock, most': ({ lockWaiters }) => lockWaiters,
  'kB sent': ({ tallies = {} }) =>
    Math.round(((tallies['challenges bytes'] ?? 0) + (tallies['leaderboard bytes'] ?? 0)) / 1_000),
  'GetLeaderboardPage (limit)': ({ counts }) => counts['GetLeaderboardPage']?.server ?? 0,
};

/** At least so much has to be saved. */
const promises: Partial<Record<RowName, number>> = { BuildActiveChallenges: 0.9, 'kB sent': 0.95 };

function rowOf({ name, bound, source }: Bound, phases: readonly PolledPhase[]): Row {
  const figure = (wanted: string): number | undefined => {
    const phase = phases.find((each) => each.name === wanted);
    return phase === undefined ? undefined : figures[name](phase);
  };
  const [before, after] = [figure('before'), figure('after')];
  const minReduction = promises[name];
  const promised = minReduction === undefined ? {} : { minReduction };
  return { name, before, after, bound, reduction: reductionOf(before, after), ...promised, source };
}

function notesOf({ maxAgeSeconds }: Load, buildMs: number, perSecond: number): string[] {
  return [
    `A build takes ${buildMs.toFixed(1)} ms when it meets no other, so ${perSecond.toFixed(1)} requests a second, four of five for the challenges, keep the lock ${Math.round(wantedBusy * 100)} % busy.`,
    `The clients ask again each time, to show what a 304 saves; one that honours max-age (${maxAgeSeconds} s) does not even send the request.`,
    'limit: the leaderboard has a body for each cursor and no cache: its builds stay, only its bytes fall.',
    'limit: what is served is up to one TTL old, and older while the rebuild waits or fails.',
  ];
}
