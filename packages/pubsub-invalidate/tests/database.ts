import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { createBus, createInvalidator, kind, type Bus, type Invalidator, type Kind } from '@corral/pubsub-invalidate';
import { postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { Pool } from 'pg';
import { afterEach, beforeEach } from 'vitest';

export type Kinds = { model: Kind<{ id: string | number }>; all: Kind<void> };
export const kinds: Kinds = { model: kind<{ id: string | number }>(), all: kind<void>() };

export interface Replica {
  readonly bus: Bus;
  readonly topic: Invalidator<Kinds>;
  /** Ids of models that changed, and `clear`. */
  readonly heard: string[];
}

export interface Setting {
  url: string;
  pool: Pool;
  /** Closed after the test, first of all what was added last. */
  readonly open: { close(): Promise<unknown> }[];
  /** A started bus with a topic on it. */
  replica(bus: Bus): Promise<Replica>;
  overPostgres(): Promise<Replica>;
}

/** A database of its own for each test, with a table `models`. */
export function useDatabase(): Setting {
  let drop: () => Promise<void>;
  const setting: Setting = {
    url: '',
    pool: undefined as never,
    open: [],
    replica: async (bus) => {
      setting.open.push(bus);
      const topic = createInvalidator({ bus, topic: 'models', kinds });
      const heard: string[] = [];
      topic.on('model', ({ id }) => heard.push(String(id)));
      await bus.start();
      topic.bind({ delete: () => {}, clear: () => heard.push('clear') }, { keys: {} });
      return { bus, topic, heard };
    },
    overPostgres: () =>
      setting.replica(createBus({ transport: postgresTransport({ listen: setting.url }), namespace: 'n' })),
  };
  beforeEach(async () => {
    const database = await createTestDatabase();
    drop = database.drop;
    setting.url = database.url;
    setting.pool = new Pool({ connectionString: database.url });
    // A client that is being ended may still hear that its database goes away.
    setting.pool.on('connect', (client) => client.on('error', () => {}));
    await setting.pool.query('CREATE TABLE models (id bigint PRIMARY KEY, name text)');
  });
  afterEach(async () => {
    for (const one of setting.open.splice(0).toReversed()) await one.close();
    await setting.pool.end();
    await drop();
  });
  return setting;
}
