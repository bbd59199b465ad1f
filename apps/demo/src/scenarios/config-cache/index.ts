import type { Progress } from '../../../load/recorder.ts';
import { runPhase } from '../../run/phase.ts';
import { startReplicas, type ReplicaSet } from '../../run/replicas.ts';
import { reductionOf, type Phase, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { watchChaos, withChaos } from '../chaos.ts';
import { callsIn, checkAnswered, checkWitnesses, chosenPhases, conclude, createProbes, runPhases } from '../frame.ts';
import type { Reporter, RunOptions, Scenario } from '../scenario.ts';
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
import { brokenOnPurpose, type Break } from './broken-on-purpose.ts';
import { silentHeartbeats, silentLabel } from './broker-faults.ts';
import { runProbes } from './probes.ts';
import { replicaStart } from './replica-start.ts';
import type { ConfigCacheReplica } from './replica.ts';
import { schema } from './schema.ts';
import { source } from './source.ts';
import { configSwitches, listenThroughProxy, switches } from './switches.ts';

export const configCache: Scenario = {
  id: 'config-cache',
  title: 'A process-wide cache for hot configuration queries',
  story: 'A chat service asked Postgres the same three questions on every chat turn, 194,500 times for 50,000 turns.',
  sources: [{ label: 'coder/coder#23272', url: 'https://github.com/coder/coder/pull/23272' }],
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

  const run = (name: 'before' | 'after'): Promise<Phase> => runLoad(name, options, load, settings, stage, reporter);
  const phases = await runPhases(chosenPhases(options), run, reporter, signal);
  const probes = createProbes(reporter, signal, options);
  if (options.after && options.probes !== false) await runProbes(probes, options, settings, stage);

  const invalidations = invalidationsOf(phases.find(({ name }) => name === 'after')?.chaos ?? []);
  return conclude(configCache, stage, {
    scale: scaleOf(load),
    configuration: { ...load, replicas: options.replicas, bus: options.bus },
    rows: boundsOf(load, options.replicas, invalidations).map((bound) => rowOf(bound, phases, load)),
    checks: [...phases.map(checkWitnesses), ...phases.map((phase) => checkAnswered(phase, 'turn')), ...probes.checks],
    phases,
    notes: [...notesOf(load), ...notesOfBreak(brokenOnPurpose())],
    skipped: probes.skipped,
  });
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
  const { bus, replicas, seed } = options;
  // Only who can throw the switches needs the detour.
  const isWatched = reporter.offer !== undefined && composition === 'after';
  const detour = isWatched ? await listenThroughProxy(stage, bus) : undefined;
  const listen = detour === undefined ? {} : { listenUrl: detour.listenUrl };
  const chaos = watchChaos(reporter);
  let set: ReplicaSet | undefined;
  try {
    set = await startReplicas(replicas, await replicaStart(composition, { ...settings, ...listen }, stage));
    const offered = load.chats * load.turns;
    const profile = { ...load, ports: set.ports, seed };
    const spec = { name: composition, type: 'chats', profile, offered, plannedMs: plannedMs(load) };
    reporter.offer?.(configSwitches({ composition, bus, set, stage, proxy: detour?.proxy, chaos }));
    const progress = ({ done, errors, elapsedMs }: Progress): void => {
      const failed = errors > 0 ? `, ${errors} failed` : '';
      reporter.progress(`${composition}: ${done} of ${offered} turns, ${(elapsedMs / 1_000).toFixed(1)} s${failed}`);
    };
    return await runPhase(stage, set, spec, progress, reporter, (phase) => withChaos(phase, chaos));
  } finally {
    await chaos.end();
    await set?.close();
    await detour?.proxy.close();
  }
}

function rowOf({ name, calls }: Bound, phases: readonly Phase[], load: Load): Row {
  const [before, after] = [callsIn(phases, 'before', name), callsIn(phases, 'after', name)];
  const { text, minReduction } = source[name];
  // The source's share is for one user; with more users than turns within a TTL there is nothing to save.
  const isPromised = isStorySized(load) && (name !== 'GetUserChatCustomPrompt' || load.users === 1);
  const promised = isPromised ? { minReduction } : {};
  return { name, before, after, bound: calls, reduction: reductionOf(before, after), ...promised, source: text };
}

/** What each thing done on purpose may cost every replica: one more read of every key, in a silence one a heartbeat. */
const invalidationsOf = (chaos: readonly string[]): number =>
  chaos.reduce((sum, label) => sum + (label === silentLabel ? silentHeartbeats : 1), 0);

const notesOfBreak = (broken: Break | undefined): string[] =>
  broken === undefined ? [] : [`CORRAL_DEMO_BREAK=${broken}: this run was broken on purpose.`];

function notesOf(load: Load): string[] {
  const { users, chats, turnMs, promptTtlMs } = load;
  if (users === 1) {
    return ['limit: all chats belong to one user, as in the source. With --users 500 the prompt row saves 0 %.'];
  }
  const betweenMs = (turnMs * usersThatChat(load)) / chats;
  return [
    `limit: ${users} users. A user's next turn comes after about ${Math.round(betweenMs)} ms, and a prompt is kept for ${promptTtlMs} ms. ` +
      (betweenMs > promptTtlMs
        ? 'The value has expired before it is asked for again, so the cache saves nothing in this row.'
        : 'Only turns within that time share a read.'),
  ];
}
