import { RedisMissingError } from '@corral-internal/test-kit/servers';
import { untilValid, witnessesAgree } from '../../run/phase.ts';
import { reductionOf, statusOf, type Check, type Phase, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
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
  const missing = options.after ? await redisMissing(stage) : undefined;
  const redisUrl = options.after && missing === undefined ? (await stage.redis()).url : undefined;
  const place: Place = { replicas, databaseUrl: stage.databaseUrl, redisUrl };

  const compositions: Composition[] = [
    ...(options.before ? (['before'] as const) : []),
    ...(options.after ? (['memory'] as const) : []),
    ...(redisUrl === undefined ? [] : (['after'] as const)),
  ];
  const phases: Phase[] = [];
  for (const composition of compositions) {
    signal.throwIfAborted();
    phases.push(await untilValid(() => runLoad(composition, load, place, stage, reporter), reporter, signal));
  }
  const checks: Check[] = phases.flatMap((phase) => [
    {
      name: `two witnesses agree, ${phase.name}`,
      ok: witnessesAgree(phase),
      detail: 'Postgres and the app counted the same calls of each statement',
    },
    {
      name: `every caller was served, ${phase.name}`,
      ok: phase.errors === 0,
      detail: `${phase.requests} served, ${phase.errors} failed`,
    },
  ]);
  const probe = async (name: string, check: (stage: Stage) => Promise<Check>): Promise<void> => {
    signal.throwIfAborted();
    reporter.progress(`probe: ${name}`);
    checks.push(await check(stage));
  };
  if (options.after) {
    await probe('clients that leave', checkAborts);
    await probe('a client that has left already', checkAbortedCaller);
    await probe('the reaper', checkReaper);
    if (missing === undefined) await probe('a Redis outage', checkRedisOutage);
  }

  // With Redis killed from the page, each process loads for itself meanwhile: the bound of memory alone.
  const wasKilled = phases.some(({ name, chaos }) => name === 'after' && chaos !== undefined);
  const [shared, own] = boundsOf(load, replicas);
  const bounds = [wasKilled ? { ...shared!, bound: own!.bound } : shared!, own!];
  const rows = bounds.map((bound) => rowOf(bound, phases));
  return {
    id,
    title: cacheAside.title,
    status: statusOf(rows, checks, phases),
    scale: scaleOf(load),
    countedBy: stage.serverCounts.available ? 'pg_stat_statements' : 'client wrapper',
    configuration: { ...load, replicas, seed: options.seed },
    rows,
    checks,
    phases,
    notes: notesOf(missing),
  };
}

async function redisMissing(stage: Stage): Promise<string | undefined> {
  try {
    await stage.redis();
    return undefined;
  } catch (error) {
    if (error instanceof RedisMissingError) return error.message;
    throw error;
  }
}

function rowOf({ name, phase, bound, source }: Bound, phases: readonly Phase[]): Row {
  const queries = (wanted: string): number | undefined => {
    const found = phases.find((each) => each.name === wanted);
    return found === undefined ? undefined : (found.counts['GetUserByID']?.server ?? 0);
  };
  const [before, after] = [queries('before'), queries(phase)];
  return { name, before, after, bound, reduction: reductionOf(before, after), source };
}

function notesOf(missing: string | undefined): string[] {
  return [
    ...(missing === undefined ? [] : [`SKIPPED (no Redis): the lease over all processes, and the outage. ${missing}`]),
    'limit: a cold key is cold in every process, so memory alone costs one query for each of them; the lease makes it one, for a round trip to Redis.',
    'limit: a client that leaves gives its place back, not the query: that finishes and fills the cache for the next caller.',
  ];
}
