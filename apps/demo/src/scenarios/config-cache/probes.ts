import { withReplicaSet } from '../../run/replicas.ts';
import type { Stage } from '../../run/stage.ts';
import type { Probes } from '../frame.ts';
import type { RunOptions } from '../scenario.ts';
import { checkManyUsers } from './many-users.ts';
import { checkClone, checkGuard, checkNegativeCaching } from './mutants.ts';
import { replicaStart } from './replica-start.ts';
import type { ConfigCacheReplica } from './replica.ts';
import {
  checkEditThatNobodyPublished,
  checkEditWithListenerKilled,
  checkPublishedEdit,
  sourceTtls,
} from './staleness.ts';
import { checkBrokerKilled, checkEditThroughPsql, checkSilentConnection } from './transport-faults.ts';

/**
 * What is true beyond the counts: how stale a replica can be, through every fault of the transport, and what each part
 * of the cache is there for. The last probe kills the broker.
 */
export async function runProbes(
  probes: Probes,
  { bus, replicas }: RunOptions,
  settings: ConfigCacheReplica,
  stage: Stage,
): Promise<void> {
  await probes.run('many users', () => checkManyUsers(stage, settings, replicas));
  await probes.run('negative caching', () => checkNegativeCaching(stage, settings));
  await probes.run('clone', () => checkClone(stage, settings));
  await probes.run('the generation guard', () => checkGuard(stage, settings));
  await probes.run('a silent connection', () => checkSilentConnection(stage, settings));

  const start = await replicaStart('after', { ...settings, ...sourceTtls }, stage);
  await withReplicaSet(replicas, start, async (set) => {
    await probes.run('an edit', () => checkPublishedEdit(set.replicas));
    await probes.run('an edit that nobody published', () => checkEditThatNobodyPublished(set.replicas, stage));
    if (bus === 'postgres') await probes.run('an edit through psql', () => checkEditThroughPsql(set.replicas, stage));
    await probes.run('an edit with dead listeners', () => checkEditWithListenerKilled(set.replicas, stage, bus));
    await probes.run('an edit after the broker was killed', () => checkBrokerKilled(set.replicas, stage, bus));
  });
}
