import { until } from '@corral-internal/test-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { createBus, createInvalidator, kind } from '@corral/pubsub-invalidate';
import {
  createOutboxRelay,
  invalidationTriggerSql,
  outboxSql,
  postgresTransport,
} from '@corral/pubsub-invalidate/postgres';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';
import { describe, expect, inject, it } from 'vitest';
import { useDatabase } from './database.ts';

const setting = useDatabase();

describe('outbox', () => {
  it('a relay publishes what its writer did not, over any transport, and SQL may be applied twice', async () => {
    const client = new Redis(inject('redisUrl'));
    const namespace = crypto.randomUUID();
    const [a, b] = [
      await setting.replica(createBus({ transport: redisTransport({ client }), namespace })),
      await setting.replica(createBus({ transport: redisTransport({ client }), namespace })),
    ];
    const { up } = outboxSql({ table: 'public.My "outbox"' });
    await setting.pool.query(up);
    await setting.pool.query(up);
    const relay = createOutboxRelay({ bus: a.bus, pool: setting.pool, table: 'public.My "outbox"', intervalMs: 50 });
    setting.open.push(relay);
    await setting.pool.query(
      `INSERT INTO "My ""outbox""" (channel, hints) VALUES ($1, '[["model",1,{"id":7}]]'), ($1, NULL)`,
      [a.topic.channel],
    );
    await until(() => a.heard.includes('7') && b.heard.includes('7') && b.heard.includes('clear'));
    await until(async () => (await setting.pool.query('SELECT 1 FROM "My ""outbox"""')).rows.length === 0);
    expect(b.heard.toSorted((x, y) => x.localeCompare(y))).toEqual(['7', 'clear']);
    await relay.close();
    await setting.pool.query(outboxSql({ table: 'public.My "outbox"' }).down);
    await a.bus.close();
    await b.bus.close();
    client.disconnect();
  });

  it('keeps a row until the broker has it', async () => {
    const server = await startRedis();
    const client = new Redis(server.url, { lazyConnect: true });
    client.on('error', () => {});
    const a = await setting.replica(
      createBus({ transport: redisTransport({ client }), namespace: 'n', publishRetryMs: 300 }),
    );
    await setting.pool.query(outboxSql().up);
    const relay = createOutboxRelay({ bus: a.bus, pool: setting.pool, intervalMs: 60_000 });
    await relay.flush();
    await server.kill();
    await setting.pool.query(`INSERT INTO corral_outbox (channel, hints) VALUES ($1, '[["all",1]]')`, [
      a.topic.channel,
    ]);
    await expect(relay.flush()).rejects.toMatchObject({ code: 'ERR_BUS_PUBLISH' });
    expect((await setting.pool.query('SELECT 1 FROM corral_outbox')).rows.length).toBe(1);
    await server.start();
    await until(() => a.bus.health().state === 'live');
    expect(await relay.flush()).toBe(1);
    expect((await setting.pool.query('SELECT 1 FROM corral_outbox')).rows.length).toBe(0);
    await relay.close();
    await a.bus.close();
    client.disconnect();
    await server.close();
  });
});

describe('a trigger', () => {
  const install = async (
    options: Partial<Parameters<typeof invalidationTriggerSql>[0]> & { channel: string },
  ): Promise<{ up: string; down: string }> => {
    const sql = invalidationTriggerSql({ table: 'models', kind: 'model', key: 'id', ...options });
    await setting.pool.query(sql.up);
    await setting.pool.query(sql.up);
    return sql;
  };

  it('announces insert, update, delete, COPY-like bulk and TRUNCATE of any writer, once for a statement', async () => {
    const { topic, heard } = await setting.overPostgres();
    await install({ channel: topic.channel });
    const after = async (sql: string, expected: string[]): Promise<void> => {
      heard.length = 0;
      await setting.pool.query(sql);
      await until(() => heard.length >= expected.length);
      expect(heard.toSorted()).toEqual(expected);
    };
    await after(`INSERT INTO models VALUES (1, 'a'), (2, 'b')`, ['1', '2']);
    await after(`UPDATE models SET id = 3 WHERE id = 2`, ['2', '3']);
    await after(`DELETE FROM models WHERE id = 1`, ['1']);
    await after(`INSERT INTO models SELECT n, 'x' FROM generate_series(1000, 2000) AS n`, ['clear']);
    await after(`TRUNCATE models`, ['clear']);
    await setting.pool.query(`UPDATE models SET name = 'nobody'`);
    await after(`INSERT INTO models VALUES (9007199254740993, 'large')`, ['9007199254740993']);
  });

  it('announces nothing of a transaction that is rolled back', async () => {
    const { topic, heard } = await setting.overPostgres();
    await install({ channel: topic.channel });
    await setting.pool.query(`BEGIN; INSERT INTO models VALUES (1, 'a'); ROLLBACK; INSERT INTO models VALUES (2, 'b')`);
    await until(() => heard.length > 0);
    expect(heard).toEqual(['2']);
  });

  it('is removed without a trace, and may be removed twice', async () => {
    const { topic } = await setting.overPostgres();
    const { down } = await install({ channel: topic.channel });
    await setting.pool.query(down);
    await setting.pool.query(down);
    const { rows } = await setting.pool.query(
      `SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'corral%'`,
    );
    expect(rows).toEqual([]);
  });

  it('quotes whatever the names are, and carries several columns', async () => {
    await setting.pool.query(
      `CREATE SCHEMA "we""ird"; CREATE TABLE "we""ird"."Ta'ble $corral$" ("K ey" text, "o'ther" int)`,
    );
    const bus = createBus({ transport: postgresTransport({ listen: setting.url }), namespace: `o'c"h` });
    setting.open.push(bus);
    const odd = kind<Record<string, unknown>>();
    const topic = createInvalidator({ bus, topic: `t'; DROP TABLE models; --\\`, kinds: { [`k'ind\\`]: odd } });
    const heard: unknown[] = [];
    topic.on(`k'ind\\`, (payload) => heard.push(payload));
    await bus.start();
    const sql = invalidationTriggerSql({
      table: `"we""ird"."Ta'ble $corral$"`,
      channel: topic.channel,
      kind: `k'ind\\`,
      key: ['K ey', `o'ther`],
    });
    await setting.pool.query(sql.up);
    await setting.pool.query(`INSERT INTO "we""ird"."Ta'ble $corral$" VALUES ('a"b''c', 7)`);
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ 'K ey': `a"b'c`, "o'ther": 7 }]);
    await setting.pool.query(sql.down);
    await setting.pool.query('SELECT 1 FROM models');
  });

  it('goes through the outbox for other transports', async () => {
    await setting.pool.query(outboxSql().up);
    const { topic, bus, heard } = await setting.overPostgres();
    await install({ channel: topic.channel, via: 'outbox' });
    await setting.pool.query(`INSERT INTO models VALUES (5, 'a')`);
    const relay = createOutboxRelay({ bus, pool: setting.pool, intervalMs: 50 });
    await until(() => heard.length > 0);
    await relay.close();
    expect(heard).toEqual(['5']);
  });

  it('has its options checked by name', () => {
    const right = { table: 'models', channel: 'c', kind: 'model', key: 'id' };
    expect(() => invalidationTriggerSql({ ...right, table: 'a.b.c' })).toThrow(
      /^table: expected name or schema.name, got a.b.c/,
    );
    expect(() => invalidationTriggerSql({ ...right, channel: 'x'.repeat(64) })).toThrow(
      /^channel: expected at most 63 bytes/,
    );
    expect(() => invalidationTriggerSql({ ...right, key: 7 as never })).toThrow(/^key:/);
    expect(() => invalidationTriggerSql({ ...right, maxRows: 0 })).toThrow(/^maxRows: .* got 0/);
    expect(() => invalidationTriggerSql({ ...right, via: 'mail' as never })).toThrow(
      /^via: expected 'notify' or 'outbox', got mail/,
    );
  });
});
