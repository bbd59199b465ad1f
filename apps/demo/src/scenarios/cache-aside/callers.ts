import { randomUUID } from 'node:crypto';
import { runPhase } from '../../run/phase.ts';
import { withReplicaSet, type ReplicaSet } from '../../run/replicas.ts';
import type { Phase } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { watchChaos, withChaos } from '../chaos.ts';
import type { Reporter } from '../scenario.ts';
import { killRedisSwitch } from './kill-redis.ts';
import { callsOf, plannedMs, ttlMs, type Load } from './plan.ts';
import type { CacheAsideReplica, Composition } from './replica.ts';

export const id = 'cache-aside';

/** Where replicas run, and what Redis they share. */
export interface Place {
  replicas: number;
  databaseUrl: string;
  redisUrl?: string | undefined;
}

/** Replicas with cold caches, each composed in that way, for as long as `use` takes. */
export function withReplicas<T>(
  composition: Composition,
  { replicas, databaseUrl, redisUrl }: Place,
  use: (set: ReplicaSet) => Promise<T>,
): Promise<T> {
  const settings: CacheAsideReplica = { ttlMs, prefix: `demo:${randomUUID()}:` };
  return withReplicaSet(replicas, { scenario: id, composition, databaseUrl, redisUrl, settings }, use);
}

/** Round after round, all callers ask for one user that no cache holds. */
export function runLoad(
  composition: Composition,
  load: Load,
  place: Place,
  stage: Stage,
  reporter: Reporter,
): Promise<Phase> {
  return withReplicas(composition, place, async (set) => {
    const offered = callsOf(load);
    const profile = { ...load, ports: set.ports, firstUserId: 1 };
    const spec = { name: composition, type: 'callers', profile, offered, plannedMs: plannedMs(load) };
    const chaos = watchChaos(reporter);
    if (composition === 'after') reporter.offer?.(killRedisSwitch(await stage.redis(), chaos));
    const onProgress = ({ done, errors }: { done: number; errors: number }): void =>
      reporter.progress(
        `${composition}: ${done} of ${offered} callers served${errors > 0 ? `, ${errors} failed` : ''}`,
      );
    try {
      return await withChaos(await runPhase(stage, set, spec, onProgress, reporter), chaos);
    } finally {
      await chaos.end();
    }
  });
}
