import type { Progress } from '../../../load/recorder.ts';
import { runPhase, witnessesAgree } from '../../run/phase.ts';
import { startReplicas } from '../../run/replicas.ts';
import { reductionOf, statusOf, type Check, type Phase, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import type { Reporter, RunOptions, Scenario } from '../scenario.ts';
import { checkClone, checkGuard, checkNegativeCaching } from './mutants.ts';
import {
  boundsOf,
  isStorySized,
  loadOf,
  planConfigCache,
  plannedMs,
  scaleOf,
  usersThatChat,
  type Bound,
  type Load,
} from './plan.ts';
import type { ConfigCacheReplica } from './replica.ts';
import { schema } from './schema.ts';
import { source } from './source.ts';
import {
  checkEditThatNobodyPublished,
  checkEditWithListenerKilled,
  checkPublishedEdit,
  sourceTtls,
} from './staleness.ts';
import { configSwitches, switches, type Chaos } from './switches.ts';

export const configCache: Scenario = {
  id: 'config-cache',
  title: 'A process-wide cache for hot configuration queries',
  story: 'A chat service asked Postgres the same three questions on every chat turn, 194,500 times for 50,000 turns.',
  switches,
  knobs: ['replicas', 'users'],
  code: {
    before: { file: 'scenarios/config-cache/config-source.ts', name: 'configFromDatabase' },
    after: { file: 'scenarios/config-cache/config-cache.ts', name: 'cachedConfig' },
  },
  plan: planConfigCache,
  run: runConfigCache,
};

async function runConfigCache(
  options: RunOptions,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const load = loadOf(options);
  const settings: ConfigCacheReplica = {
    bus: options.bus,
    ttlMs: load.ttlMs,
    promptTtlMs: load.promptTtlMs,
    negative: true,
    clone: true,
  };
  await stage.admin.query(schema);

  const compositions = (['before', 'after'] as const).filter((name) => options[name]);
  const phases: Phase[] = [];
  for (const composition of compositions) {
    signal.throwIfAborted();
    phases.push(await runLoad(composition, options, load, settings, stage, reporter));
  }
  const checks: Check[] = phases.map((phase) => ({
    name: `two witnesses agree, ${phase.name}`,
    ok: witnessesAgree(phase),
    detail: phase.witnessLost
      ? 'not compared: a replica was killed, and its own count with it; Postgres alone counted'
      : 'Postgres and the app counted the same calls of each statement',
  }));
  if (options.after) checks.push(...(await runProbes(options, settings, stage, reporter, signal)));

  const invalidations = phases.find(({ name }) => name === 'after')?.chaos?.length ?? 0;
  const rows = boundsOf(load, options.replicas, invalidations).map((bound) => rowOf(bound, phases, load));
  return {
    id: configCache.id,
    title: configCache.title,
    status: statusOf(rows, checks, phases),
    scale: scaleOf(load),
    countedBy: stage.serverCounts.available ? 'pg_stat_statements' : 'client wrapper',
    configuration: { ...load, replicas: options.replicas, bus: options.bus, seed: options.seed },
    rows,
    checks,
    phases,
    notes: notesOf(load),
  };
}

/** Starts the replicas, each composed in that way, and runs the chats against them. */
async function runLoad(
  composition: 'before' | 'after',
  options: RunOptions,
  load: Load,
  settings: ConfigCacheReplica,
  stage: Stage,
  reporter: Reporter,
): Promise<Phase> {
  const set = await startReplicas(options.replicas, await replicaStart(composition, options, settings, stage));
  try {
    const offered = load.chats * load.turns;
    const profile = { ...load, ports: set.ports, seed: options.seed };
    const spec = { name: composition, type: 'chats', profile, offered, plannedMs: plannedMs(load) };
    const chaos: Chaos = { labels: [], witnessLost: false };
    reporter.offer?.(configSwitches(composition, set, stage, reporter, chaos));
    const progress = ({ done, errors, elapsedMs }: Progress): void => {
      const failed = errors > 0 ? `, ${errors} failed` : '';
      reporter.progress(`${composition}: ${done} of ${offered} turns, ${(elapsedMs / 1_000).toFixed(1)} s${failed}`);
    };
    const phase = await runPhase(stage, set, spec, progress, reporter);
    return chaos.labels.length === 0 ? phase : { ...phase, chaos: chaos.labels, witnessLost: chaos.witnessLost };
  } finally {
    await set.close();
  }
}

/** What is true beyond the counts: how stale a replica can be, and what each part of the cache is there for. */
async function runProbes(
  options: RunOptions,
  settings: ConfigCacheReplica,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Check[]> {
  const checks: Check[] = [];
  const probe = async (name: string, check: () => Promise<Check>): Promise<void> => {
    signal.throwIfAborted();
    reporter.progress(`probe: ${name}`);
    checks.push(await check());
  };
  const start = await replicaStart('after', options, { ...settings, ...sourceTtls }, stage);
  const set = await startReplicas(options.replicas, start);
  try {
    await probe('an edit', () => checkPublishedEdit(set.replicas));
    await probe('an edit with dead listeners', () => checkEditWithListenerKilled(set.replicas, stage, options.bus));
    await probe('an edit that nobody published', () => checkEditThatNobodyPublished(set.replicas, stage));
  } finally {
    await set.close();
  }
  await probe('negative caching', () => checkNegativeCaching(stage, settings));
  await probe('clone', () => checkClone(stage, settings));
  await probe('the generation guard', () => checkGuard(stage, settings));
  return checks;
}

async function replicaStart(
  composition: string,
  { bus }: RunOptions,
  settings: ConfigCacheReplica,
  stage: Stage,
): Promise<Parameters<typeof startReplicas>[1]> {
  const redisUrl = bus === 'redis' ? (await stage.redis()).url : undefined;
  return { scenario: configCache.id, composition, databaseUrl: stage.databaseUrl, redisUrl, settings };
}

function rowOf({ name, calls }: Bound, phases: readonly Phase[], load: Load): Row {
  const count = (phase: string): number | undefined => phases.find((each) => each.name === phase)?.counts[name]?.server;
  const [before, after] = [count('before'), count('after')];
  const { text, minReduction } = source[name];
  // The source's share is for one user; with more users than turns within a TTL there is nothing to save.
  const isPromised = isStorySized(load) && (name !== 'GetUserChatCustomPrompt' || load.users === 1);
  const promised = isPromised ? { minReduction } : {};
  return { name, before, after, bound: calls, reduction: reductionOf(before, after), ...promised, source: text };
}

function notesOf(load: Load): string[] {
  const { users, chats, turnMs, promptTtlMs } = load;
  if (users === 1) {
    return [
      'All chats belong to one user, as in the source. With a user for each chat the prompt row saves nothing: --users 500.',
    ];
  }
  const betweenMs = (turnMs * usersThatChat(load)) / chats;
  return [
    `${users} users: a user's next turn comes after about ${Math.round(betweenMs)} ms, and a prompt is kept for ${promptTtlMs} ms. ` +
      (betweenMs > promptTtlMs
        ? 'The value has expired before it is asked for again, so the cache saves nothing in this row.'
        : 'Only turns within that time share a read.'),
  ];
}
