import { createPool, type Pool } from '@corral/db-pool';
import { createStatements, type Queryable } from '../../db/statements.ts';
import type { BuildReplica } from '../../replica/contract.ts';
import { cachedConfig, type ConfigCacheSettings } from './config-cache.ts';
import { joinConfigChanges } from './config-changes.ts';
import { configFromDatabase, type ConfigSource } from './config-source.ts';
import { addAdminRoutes, addChatRoutes, type ChangePublisher } from './routes.ts';
import { statements } from './schema.ts';
import { unguardedModels } from './unguarded-cache.ts';

export interface ConfigCacheReplica extends ConfigCacheSettings {
  bus: 'postgres' | 'redis';
  /** Where the app's own queries go, if not straight to the database (a probe puts a proxy between). */
  queriesUrl?: string;
  /** Where the listener goes, if not straight to the server. */
  listenUrl?: string;
}

const nobodyToTell: ChangePublisher = {
  providers: async () => {},
  modelConfig: async () => {},
  userPrompt: async () => {},
};

/** A read that was under way when Postgres died is asked again: it may run twice, a write may not. */
const repeatingReads = (pool: Pool): Queryable => ({
  query: (text, values) => pool.query(text, values, { idempotent: text.startsWith('SELECT') }),
});

/** `before` reads the database; `after` puts the cache in between; `unguarded` is the mistake to be shown. */
export const buildConfigCache: BuildReplica<ConfigCacheReplica> = async (app, start) => {
  const { composition, settings, databaseUrl, redisUrl, index } = start;
  const pool = createPool({
    connection: settings.queriesUrl ?? databaseUrl,
    name: `replica-${index}`,
    size: 10,
    // The probe's proxy holds answers back: a ping must not take that for a dead connection.
    prePing: settings.queriesUrl === undefined,
  });
  const db = createStatements(repeatingReads(pool), statements);
  const source = configFromDatabase(db);

  if (composition === 'before') {
    addChatRoutes(app, source);
    addAdminRoutes(app, db, nobodyToTell);
    return {
      counts: db.counts,
      stats: () => ({ pool: pool.stats() }),
      held: () => ({ seen: 'read each time' }),
      close: async () => void (await pool.close()),
    };
  }

  const changes = await joinConfigChanges({
    bus: settings.bus,
    databaseUrl,
    redisUrl,
    replica: index,
    listenUrl: settings.listenUrl,
  });
  const { invalidator } = changes;
  const cache = cachedConfig(source, invalidator, settings);
  const publish: ChangePublisher = {
    providers: () => invalidator.publish('providers', undefined),
    modelConfig: (id) => invalidator.publish('modelConfig', { id }),
    userPrompt: (userId) => invalidator.publish('userPrompt', { userId }),
  };
  let config: ConfigSource = cache;
  if (composition === 'unguarded') {
    const models = unguardedModels(source, settings.ttlMs);
    invalidator.bind(models, { keys: { modelConfig: ({ id }) => [String(id)] } });
    config = { ...cache, modelConfig: models.get };
  }
  addChatRoutes(app, config);
  addAdminRoutes(app, db, publish);
  let changesSeen = 0;
  invalidator.on('modelConfig', () => changesSeen++);

  return {
    counts: db.counts,
    stats: () => ({ pool: pool.stats(), cache: cache.stats(), bus: changes.bus.stats(), health: changes.bus.health() }),
    held: cache.held,
    commands: {
      changesSeen: () => changesSeen,
      editInPlace: async () => {
        const model = await config.modelConfig(1);
        model!.options['temperature'] = 2;
      },
    },
    close: async () => {
      await changes.close();
      cache.close();
      await pool.close();
    },
  };
};
