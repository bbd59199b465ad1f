import { startReplicas } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import type { Reporter, RunOptions } from '../scenario.ts';
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
  { bus, replicas }: RunOptions,
  settings: ConfigCacheReplica,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Check[]> {
  const checks: Check[] = [];
  const probe = async (name: string, check: () => Promise<Check | undefined>): Promise<void> => {
    signal.throwIfAborted();
    reporter.progress(`probe: ${name}`);
    const result = await check();
    if (result !== undefined) checks.push(result);
  };

  await probe('negative caching', () => checkNegativeCaching(stage, settings));
  await probe('clone', () => checkClone(stage, settings));
  await probe('the generation guard', () => checkGuard(stage, settings));
  await probe('a silent connection', () => checkSilentConnection(stage, settings));

  const set = await startReplicas(replicas, await replicaStart('after', { ...settings, ...sourceTtls }, stage));
  try {
    await probe('an edit', () => checkPublishedEdit(set.replicas));
    await probe('an edit that nobody published', () => checkEditThatNobodyPublished(set.replicas, stage));
    if (bus === 'postgres') await probe('an edit through psql', () => checkEditThroughPsql(set.replicas, stage));
    await probe('an edit with dead listeners', () => checkEditWithListenerKilled(set.replicas, stage, bus));
    await probe('an edit after the broker was killed', () => checkBrokerKilled(set.replicas, stage, bus));
  } finally {
    await set.close();
  }
  return checks;
}
