import { createBus, createInvalidator, kind, type Bus, type Invalidator, type Kind } from '@corral/pubsub-invalidate';
import { postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';

/** What can change: the seven admin routes publish one of these. */
export type ConfigKinds = {
  providers: Kind<void>;
  modelConfig: Kind<{ id: number }>;
  userPrompt: Kind<{ userId: number }>;
};

export interface ConfigChanges {
  readonly bus: Bus;
  readonly invalidator: Invalidator<ConfigKinds>;
  close(): Promise<void>;
}

/** With the replica's number behind it, the listener's name in pg_stat_activity and CLIENT LIST: chaos finds it there. */
export const listenerName = 'corral-demo-listener';

export interface ChangesSettings {
  bus: 'postgres' | 'redis';
  databaseUrl: string;
  redisUrl?: string | undefined;
  replica: number;
  /** Where to listen, if not straight at the server (a probe puts a proxy between). */
  listenUrl?: string | undefined;
}

/** Joins the topic `chat:config_change`; resolves when the server has acknowledged it. */
export async function joinConfigChanges(settings: ChangesSettings): Promise<ConfigChanges> {
  const { databaseUrl } = settings;
  const connectionName = `${listenerName}-${settings.replica}`;
  const redis =
    settings.bus === 'redis' ? new Redis(settings.listenUrl ?? settings.redisUrl!, { connectionName }) : undefined;
  redis?.on('error', () => {}); // the bus says what its connections suffer
  const transport =
    redis === undefined
      ? postgresTransport({
          listen: { connectionString: settings.listenUrl ?? databaseUrl, application_name: connectionName },
          publish: { connectionString: databaseUrl, application_name: `${connectionName}-publish` },
        })
      : redisTransport({ client: redis });
  const bus = createBus({ transport, namespace: 'chat' });
  const kinds: ConfigKinds = {
    providers: kind<void>(),
    modelConfig: kind<{ id: number }>(),
    userPrompt: kind<{ userId: number }>(),
  };
  const invalidator = createInvalidator({ bus, topic: 'config_change', kinds });
  await bus.start();
  await invalidator.ready();
  return {
    bus,
    invalidator,
    close: async () => {
      await bus.close();
      redis?.disconnect();
    },
  };
}
