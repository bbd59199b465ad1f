import { request } from 'undici';
import type { PollersProfile } from '../../../load/pollers.ts';
import type { Progress } from '../../../load/recorder.ts';
import { runPhase } from '../../run/phase.ts';
import { withReplicaSet, type ReplicaSet } from '../../run/replicas.ts';
import type { Phase } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { watchChaos, withChaos } from '../chaos.ts';
import type { Reporter } from '../scenario.ts';
import { breakRebuild, breakRebuildSwitch } from './break-rebuild.ts';
import { startEvaluations, type Evaluations } from './evaluations.ts';
import { leaderboardEvery, plannedMs, type Load } from './plan.ts';
import { challengesPath, leaderboardPath, type ResponseCacheSettings } from './routes.ts';
import { pageSize, resetWrites } from './schema.ts';

export const id = 'response-cache';
export type Composition = 'before' | 'after';

/** A phase, and how many sessions waited for the lock at its worst moment. */
export interface PolledPhase extends Phase {
  lockWaiters: number;
}

/** Replicas with cold caches, each composed in that way, for as long as `use` takes. */
export function withReplicas<T>(
  composition: Composition,
  replicas: number,
  settings: ResponseCacheSettings,
  { databaseUrl }: Pick<Stage, 'databaseUrl'>,
  use: (set: ReplicaSet) => Promise<T>,
): Promise<T> {
  return withReplicaSet(replicas, { scenario: id, composition, databaseUrl, settings }, use);
}

/** The median time of a build that meets no other, milliseconds: what the rate of the load is computed from. */
export async function measureBuildMs({ ports: [port] }: ReplicaSet, builds = 60): Promise<number> {
  const timesMs: number[] = [];
  for (let build = -5; build < builds; build++) {
    const startMs = performance.now();
    const { body } = await request(`http://127.0.0.1:${port}${challengesPath}`);
    await body.dump();
    if (build >= 0) timesMs.push(performance.now() - startMs); // the first ones open connections and load code
  }
  return timesMs.sort((a, b) => a - b)[Math.floor(builds / 2)]!;
}

/** Clients poll, evaluations are written, and one of these writes holds the lock for long. */
export async function runLoad(
  name: Composition,
  set: ReplicaSet,
  load: Load,
  perSecond: number,
  stage: Stage,
  reporter: Reporter,
): Promise<PolledPhase> {
  await stage.admin.query(resetWrites);
  const { durationMs, clients, timeoutMs, retries, evaluationEveryMs, stallAtMs, stallMs } = load;
  const profile: PollersProfile = {
    ports: set.ports,
    clients,
    perSecond,
    durationMs,
    leaderboardEvery,
    pageSize,
    pages: clients,
    challengesPath,
    leaderboardPath,
    timeoutMs,
    retries,
  };
  const offered = Math.round((perSecond * durationMs) / 1_000);
  const spec = { name, type: 'pollers', profile, offered, plannedMs: plannedMs(load) };
  const chaos = watchChaos(reporter);
  reporter.offer?.({ [breakRebuild.id]: breakRebuildSwitch(stage, chaos) });
  let evaluations: Promise<Evaluations> | undefined;
  const onProgress = ({ done, errors }: Progress): void => {
    // With the first word of the driver the load has begun.
    evaluations ??= startEvaluations(stage.databaseUrl, { everyMs: evaluationEveryMs, stallAtMs, stallMs });
    evaluations.catch(() => {}); // the end of the phase says it
    reporter.progress(`${name}: ${done} of ${offered} requests${errors > 0 ? `, ${errors} given up` : ''}`);
  };
  const end = async (): Promise<number> => (await (await evaluations)?.stop())?.lockWaiters ?? 0;
  try {
    const phase = await runPhase(stage, set, spec, onProgress, reporter);
    return { ...(await withChaos(phase, chaos)), lockWaiters: await end() };
  } finally {
    await chaos.end();
    await end();
  }
}
