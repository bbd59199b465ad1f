import { reductionOf, type Phase, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { callsIn, checkAnswered, checkWitnesses, conclude, createProbes, redisOf, runPhases } from '../frame.ts';
import type { Reporter, RunOptions, Scenario } from '../scenario.ts';
import { checkAbortedCaller, checkAborts } from './aborts.ts';
import { id, runLoad, type Place } from './callers.ts';
import { killRedis } from './kill-redis.ts';
import { checkRedisOutage } from './outage.ts';
import { boundsOf, loadOf, planCacheAside, scaleOf, type Bound } from './plan.ts';
import { checkReaper } from './reaper.ts';
import type { Composition } from './replica.ts';
import { schema } from './schema.ts';

export const cacheAside: Scenario = {
  id,
  title: 'Cache-aside: stampede protection, reaper, cancellation',
  story:
    'An authorisation server asked once for each caller of a cold key, lost a shared fetch to one caller that left, and leaked what nobody read again.',
  sources: [{ label: 'go-authgate/authgate#156', url: 'https://github.com/go-authgate/authgate/pull/156' }],
  switches: [killRedis],
  knobs: ['replicas'],
  code: {
    before: { file: 'scenarios/cache-aside/users.ts', name: 'usersFromDatabase' },
    after: { file: 'scenarios/cache-aside/users.ts', name: 'cachedUsers' },
  },
  plan: planCacheAside,
  run: runCacheAside,
};

async function runCacheAside(
  options: RunOptions,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const load = loadOf(options);
  const { replicas } = options;
  await stage.admin.query(schema);
  const { redis, missing } = options.after ? await redisOf(stage) : {};
  const place: Place = { replicas, databaseUrl: stage.databaseUrl, redisUrl: redis?.url };

  const compositions: Composition[] = [
    ...(options.before ? (['before'] as const) : []),
    ...(options.after ? (['memory'] as const) : []),
    ...(redis === undefined ? [] : (['after'] as const)),
  ];
  const run = (name: Composition): Promise<Phase> => runLoad(name, load, place, stage, reporter);
  const phases = await runPhases(compositions, run, reporter, signal);
  const probes = createProbes(reporter, signal, options);
  if (options.after) {
    await probes.run('clients that leave', () => checkAborts(stage));
    await probes.run('a client that has left already', () => checkAbortedCaller(stage));
    await probes.run('the reaper', () => checkReaper(stage));
    await probes.run('a Redis outage', () => checkRedisOutage(stage));
  }

  // With Redis killed from the page, each process loads for itself meanwhile: the bound of memory alone.
  const wasKilled = phases.some(({ name, chaos }) => name === 'after' && chaos !== undefined);
  const [shared, own] = boundsOf(load, replicas);
  const bounds = [wasKilled ? { ...shared!, bound: own!.bound } : shared!, own!];
  return conclude(cacheAside, stage, {
    scale: scaleOf(load),
    configuration: { ...load, replicas },
    rows: bounds.map((bound) => rowOf(bound, phases, missing)),
    checks: [...phases.map(checkWitnesses), ...phases.map((phase) => checkAnswered(phase, 'caller')), ...probes.checks],
    phases,
    notes,
    skipped: [...(missing === undefined ? [] : [`the lease over all processes: ${missing}`]), ...probes.skipped],
  });
}

function rowOf({ name, phase, bound, source }: Bound, phases: readonly Phase[], missing: string | undefined): Row {
  const [before, after] = [callsIn(phases, 'before', 'GetUserByID'), callsIn(phases, phase, 'GetUserByID')];
  const skipped = phase === 'after' && missing !== undefined ? { skipped: 'no Redis' } : {};
  return { name, before, after, bound, reduction: reductionOf(before, after), source, ...skipped };
}

const notes = [
  'limit: a cold key is cold in every process, so memory alone costs one query for each of them; the lease makes it one, for a round trip to Redis.',
  'limit: a client that leaves gives its place back, not the query: that finishes and fills the cache for the next caller.',
];
