import { withReplicaSet, type Replica } from '../../run/replicas.ts';
import type { Stage } from '../../run/stage.ts';
import { broken, brokenOnPurpose } from './broken-on-purpose.ts';
import type { ConfigCacheReplica } from './replica.ts';

/** What a replica of this scenario is told, apart from its number. */
export async function replicaStart(
  composition: string,
  settings: ConfigCacheReplica,
  stage: Stage,
): Promise<Parameters<typeof withReplicaSet>[1]> {
  const { bus } = settings;
  const redisUrl = bus === 'redis' ? (await stage.redis()).url : undefined;
  const start = { scenario: 'config-cache', databaseUrl: stage.databaseUrl, redisUrl };
  return { ...start, ...broken(brokenOnPurpose(), composition, settings) };
}

/** Starts one replica, composed and connected as the settings say, and ends it after `look`. */
export async function withReplica<T>(
  stage: Stage,
  { composition = 'after', ...settings }: ConfigCacheReplica & { composition?: string },
  look: (replica: Replica, counts: () => Promise<Record<string, number>>) => Promise<T>,
): Promise<T> {
  const start = await replicaStart(composition, settings, stage);
  return withReplicaSet(1, start, ({ replicas: [replica], counts }) => look(replica!, counts));
}
