import { until } from '@corral-internal/test-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { createBus, createInbox, createInvalidator } from '@corral/pubsub-invalidate';
import { postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { kinds, useDatabase } from './database.ts';
import { startPgBouncer } from './pgbouncer.ts';

const setting = useDatabase();

describe('connections', () => {
  it('one LISTEN for a process, however many topics and binds', async () => {
    const { bus } = await setting.overPostgres();
    const topics = Array.from({ length: 50 }, (_, i) => createInvalidator({ bus, topic: `t${i}`, kinds }));
    for (const topic of topics) for (let i = 0; i < 3; i++) topic.bind(new Map(), { keys: {} });
    createInbox({ bus, name: 'results' });
    await Promise.all(topics.map((topic) => topic.ready()));
    const { rows } = await setting.pool.query<{ application_name: string; count: string }>(
      `SELECT application_name, count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'corral-%' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { application_name: 'corral-listen', count: '1' },
      { application_name: 'corral-publish', count: '1' },
    ]);
  });

  it('that were given are used and stay open', async () => {
    const listening: Client[] = [];
    const listen = (): Client => {
      const client = new Client({ connectionString: setting.url });
      listening.push(client);
      return client;
    };
    const { bus, topic } = await setting.replica(
      createBus({ transport: postgresTransport({ listen, publish: setting.pool }), namespace: 'n' }),
    );
    const other = await setting.overPostgres();
    await topic.publish('model', { id: 1 });
    await until(() => other.heard.includes('1'));
    await bus.close();
    expect(listening.length).toBe(1);
    expect((await setting.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('leave nothing behind after close', async () => {
    const { bus } = await setting.overPostgres();
    await bus.close();
    const left = async (): Promise<number> =>
      (
        await setting.pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'corral-%'`,
        )
      ).rows.length;
    await until(async () => (await left()) === 0);
    expect(await left()).toBe(0);
  });

  it('never show a password in an error', () => {
    expect(() => postgresTransport({ listen: 7 as never })).toThrow(
      'listen: expected a connection string, a client configuration or a function that makes a client, got number',
    );
    expect(() => postgresTransport({ listen: setting.pool as never })).toThrow(/^listen: .* got a client or pool$/);
    expect(() => postgresTransport({ listen: setting.url, publish: '' })).toThrow(/^publish: .* got ''$/);
  });
});

describe('behind PgBouncer', () => {
  it('in transaction mode start() fails and says what to do', async () => {
    const bouncer = await startPgBouncer(setting.url, 'transaction');
    setting.open.push(bouncer);
    const bus = createBus({
      transport: postgresTransport({ listen: bouncer.url }),
      namespace: 'n',
      pingTimeoutMs: 500,
    });
    setting.open.push(bus);
    await expect(bus.start()).rejects.toMatchObject({
      code: 'ERR_BUS_START',
      message: expect.stringMatching(/PgBouncer.*Give `listen` a direct connection/s) as string,
    });
    expect(bus.health().state).toBe('down');
  });

  it('in transaction mode publishing works, with a direct listener', async () => {
    const bouncer = await startPgBouncer(setting.url, 'transaction');
    setting.open.push(bouncer);
    const through = await setting.replica(
      createBus({ transport: postgresTransport({ listen: setting.url, publish: bouncer.url }), namespace: 'n' }),
    );
    const other = await setting.overPostgres();
    await through.topic.publish('model', { id: 1 });
    await until(() => other.heard.length > 0);
    expect(other.heard).toEqual(['1']);
    await through.bus.close();
  });

  it('in session mode all works', async () => {
    const bouncer = await startPgBouncer(setting.url, 'session');
    const { bus, topic, heard } = await setting.replica(
      createBus({ transport: postgresTransport({ listen: bouncer.url }), namespace: 'n' }),
    );
    await topic.publish('model', { id: 1 });
    expect(heard).toContain('1');
    await bus.close();
    await bouncer.close();
  });
});

it('a broker that is down at start is waited for', async () => {
  const server = await startPostgres();
  await server.kill();
  const bus = createBus({ transport: postgresTransport({ listen: server.url }), namespace: 'n', startTimeoutMs: 300 });
  await expect(bus.start()).rejects.toMatchObject({
    code: 'ERR_BUS_START',
    message: expect.stringMatching(/ECONNREFUSED.*still trying/s) as string,
  });
  expect(bus.health().state).toBe('down');
  await server.start();
  await until(() => bus.health().state === 'live');
  await bus.close();
  await server.close();
});

it('close during a reconnect ends at once', async () => {
  const server = await startPostgres();
  const bus = createBus({ transport: postgresTransport({ listen: server.url }), namespace: 'n' });
  await bus.start();
  await server.kill();
  await until(() => bus.health().state === 'down');
  await bus.close({ drainMs: 10 });
  expect(bus.health().state).toBe('closed');
  await server.close();
});
