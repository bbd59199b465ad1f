import { runPhase } from '../../run/phase.ts';
import { withReplicaSet, type ReplicaSet } from '../../run/replicas.ts';
import type { Phase } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { killReplica, killReplicaSwitch, watchChaos, withChaos } from '../chaos.ts';
import type { Reporter, RunOptions } from '../scenario.ts';
import { callsOf, plannedMs, type Load } from './plan.ts';
import type { Composition } from './replica.ts';

export const id = 'agent-identity';

/** Replicas, each composed in that way, for as long as `use` takes. */
export function withReplicas<T>(
  composition: Composition,
  { replicas }: Pick<RunOptions, 'replicas'>,
  { databaseUrl }: Stage,
  use: (set: ReplicaSet) => Promise<T>,
): Promise<T> {
  return withReplicaSet(replicas, { scenario: id, composition, databaseUrl, settings: {} }, use);
}

/** Lets all agents connect and call. */
export async function runLoad(
  name: string,
  set: ReplicaSet,
  load: Load,
  stage: Stage,
  reporter: Reporter,
): Promise<Phase> {
  const offered = callsOf(load);
  const profile = { ...load, ports: set.ports };
  const spec = { name, type: 'agents', profile, offered, plannedMs: plannedMs(load) };
  const chaos = watchChaos(reporter);
  if (set.replicas.length > 1) reporter.offer?.({ [killReplica.id]: killReplicaSwitch(set, chaos) });
  const onProgress = ({ done, errors }: { done: number; errors: number }): void =>
    reporter.progress(`${name}: ${done} of ${offered} calls${errors > 0 ? `, ${errors} failed` : ''}`);
  try {
    return await withChaos(await runPhase(stage, set, spec, onProgress, reporter), chaos);
  } finally {
    await chaos.end();
  }
}
