import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@corral-internal/test-kit';
import { startPostgres, startRedis } from '@corral-internal/test-kit/servers';
import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import {
  createBus,
  createInbox,
  createInvalidator,
  kind,
  type Bus,
  type Invalidator,
  type Kind,
} from '@corral/pubsub-invalidate';
import {
  createOutboxRelay,
  invalidationTriggerSql,
  outboxSql,
  postgresTransport,
} from '@corral/pubsub-invalidate/postgres';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';
import { Client, Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startPgBouncer } from './pgbouncer.ts';

type Kinds = { model: Kind<{ id: string | number }>; all: Kind<void> };
const kinds: Kinds = { model: kind<{ id: string | number }>(), all: kind<void>() };

let url: string;
let pool: Pool;
let drop: () => Promise<void>;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  ({ url, drop } = await createTestDatabase());
  pool = new Pool({ connectionString: url });
  await pool.query('CREATE TABLE models (id bigint PRIMARY KEY, name text)');
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await pool.end();
  await drop();
});

interface Replica {
  readonly bus: Bus;
  readonly topic: Invalidator<Kinds>;
  readonly heard: string[];
}

async function replica(bus: Bus): Promise<Replica> {
  open.push(bus);
  const topic = createInvalidator({ bus, topic: 'models', kinds });
  const heard: string[] = [];
  topic.on('model', ({ id }) => heard.push(String(id)));
  await bus.start();
  topic.bind({ delete: () => {}, clear: () => heard.push('clear') }, { keys: {} });
  return { bus, topic, heard };
}

const overPostgres = (): Promise<Replica> =>
  replica(createBus({ transport: postgresTransport({ listen: url }), namespace: 'n' }));

describe('connections', () => {
  it('one LISTEN for a process, however many topics and binds', async () => {
    const { bus } = await overPostgres();
    const topics = Array.from({ length: 50 }, (_, i) => createInvalidator({ bus, topic: `t${i}`, kinds }));
    for (const topic of topics) for (let i = 0; i < 3; i++) topic.bind(new Map(), { keys: {} });
    createInbox({ bus, name: 'results' });
    await Promise.all(topics.map((topic) => topic.ready()));
    const { rows } = await pool.query<{ application_name: string; count: string }>(
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
      const client = new Client({ connectionString: url });
      listening.push(client);
      return client;
    };
    const { bus, topic } = await replica(
      createBus({ transport: postgresTransport({ listen, publish: pool }), namespace: 'n' }),
    );
    const other = await overPostgres();
    await topic.publish('model', { id: 1 });
    await until(() => other.heard.includes('1'));
    await bus.close();
    expect(listening.length).toBe(1);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('leave nothing behind after close', async () => {
    const { bus } = await overPostgres();
    await bus.close();
    const left = async (): Promise<number> =>
      (
        await pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'corral-%'`,
        )
      ).rows.length;
    await until(async () => (await left()) === 0);
  });

  it('never show a password in an error', () => {
    expect(() => postgresTransport({ listen: 7 as never })).toThrow(
      'listen: expected a connection string, a client configuration or a function that makes a client, got number',
    );
    expect(() => postgresTransport({ listen: pool as never })).toThrow(/^listen: .* got a client or pool$/);
    expect(() => postgresTransport({ listen: url, publish: '' })).toThrow(/^publish: .* got ''$/);
  });
});

describe('behind PgBouncer', () => {
  it('in transaction mode start() fails and says what to do', async () => {
    const bouncer = await startPgBouncer(url, 'transaction');
    open.push(bouncer);
    const bus = createBus({
      transport: postgresTransport({ listen: bouncer.url }),
      namespace: 'n',
      pingTimeoutMs: 500,
    });
    open.unshift(bus);
    await expect(bus.start()).rejects.toMatchObject({
      code: 'ERR_BUS_START',
      message: expect.stringMatching(/PgBouncer.*Give `listen` a direct connection/s) as string,
    });
    expect(bus.health().state).toBe('down');
  });

  it('in transaction mode publishing works, with a direct listener', async () => {
    const bouncer = await startPgBouncer(url, 'transaction');
    open.push(bouncer);
    const through = await replica(
      createBus({ transport: postgresTransport({ listen: url, publish: bouncer.url }), namespace: 'n' }),
    );
    open.unshift(open.pop()!);
    const other = await overPostgres();
    await through.topic.publish('model', { id: 1 });
    await until(() => other.heard.includes('1'));
    await through.bus.close();
  });

  it('in session mode all works', async () => {
    const bouncer = await startPgBouncer(url, 'session');
    const { bus, topic, heard } = await replica(
      createBus({ transport: postgresTransport({ listen: bouncer.url }), namespace: 'n' }),
    );
    await topic.publish('model', { id: 1 });
    expect(heard).toContain('1');
    await bus.close();
    await bouncer.close();
  });
});

describe.each(['after-commit', 'notify', 'outbox'] as const)('transaction, %s', (mode) => {
  it('announces what was committed, to the own replica too, and what others read then is new', async () => {
    await pool.query(outboxSql().up);
    const [a, b] = [await overPostgres(), await overPostgres()];
    const seen: unknown[] = [];
    b.topic.on('model', async () => seen.push((await pool.query('SELECT name FROM models WHERE id = 1')).rows[0]));
    const result = await a.topic.transaction(
      pool,
      async (client, tx) => {
        await client.query(`INSERT INTO models VALUES (1, 'new')`);
        tx.publish('model', { id: 1 });
        return 'done';
      },
      { mode },
    );
    expect(result).toBe('done');
    expect(a.heard).toEqual(['1']);
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ name: 'new' }]);
    expect(b.bus.health().gaps).toMatchObject({ sequence: 0, silence: 0 });
    await until(async () => mode !== 'outbox' || (await pool.query('SELECT 1 FROM corral_outbox')).rows.length === 0);
  });

  it('announces nothing on rollback, and releases the client', async () => {
    await pool.query(outboxSql().up);
    const [a, b] = [await overPostgres(), await overPostgres()];
    const failing = a.topic.transaction(
      pool,
      async (client, tx) => {
        await client.query(`INSERT INTO models VALUES (1, 'new')`);
        tx.publish('model', { id: 1 });
        throw new Error('changed my mind');
      },
      { mode },
    );
    await expect(failing).rejects.toThrow('changed my mind');
    await a.topic.publish('model', { id: 2 });
    await until(() => b.heard.includes('2'));
    expect([a.heard, b.heard]).toEqual([['2'], ['2']]);
    expect((await pool.query('SELECT 1 FROM models')).rows).toEqual([]);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('rejects when COMMIT is answered by ROLLBACK', async () => {
    await pool.query(outboxSql().up);
    const a = await overPostgres();
    const swallowed = a.topic.transaction(
      pool,
      async (client, tx) => {
        await client.query('SELECT 1/0').catch(() => {});
        if (mode === 'after-commit') tx.publish('model', { id: 1 });
      },
      { mode },
    );
    await expect(swallowed).rejects.toMatchObject({ code: 'ERR_TX_ROLLED_BACK' });
    expect(a.heard).toEqual([]);
  });
});

describe('transaction', () => {
  it('announces when the connection breaks during COMMIT, since nobody can know', async () => {
    const a = await overPostgres();
    await pool.query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON models DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    const own = new Pool({ connectionString: url, application_name: 'breaking' });
    own.on('error', () => {});
    const breaking = a.topic.transaction(own, async (client, tx) => {
      client.on('error', () => {});
      await client.query(`INSERT INTO models VALUES (1, 'new')`);
      tx.publish('model', { id: 1 });
    });
    breaking.catch(() => {});
    const commits = async (): Promise<boolean> =>
      (
        await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'breaking' AND query = 'COMMIT' AND wait_event = 'PgSleep'`,
        )
      ).rows.length > 0;
    await until(commits);
    await expect(breaking).rejects.toThrow();
    expect(a.heard).toEqual(['1']);
    await own.end();
  });

  it('refuses NOTIFY over another transport, and a mode that is none', async () => {
    const client = new Redis(inject('redisUrl'));
    const a = await replica(createBus({ transport: redisTransport({ client }), namespace: crypto.randomUUID() }));
    await expect(a.topic.transaction(pool, async () => {}, { mode: 'notify' })).rejects.toThrow(
      /^mode: 'notify' needs the Postgres transport and this bus runs over redis pubsub/,
    );
    await expect(a.topic.transaction(pool, async () => {}, { mode: 'later' as never })).rejects.toThrow(
      /^mode: expected 'after-commit' or 'notify' or 'outbox', got later/,
    );
    await a.bus.close();
    client.disconnect();
  });

  it('refuses a publish after its end', async () => {
    const a = await overPostgres();
    let late: { publish(kind: 'all'): void } | undefined;
    await a.topic.transaction(pool, async (_, tx) => {
      late = tx;
    });
    expect(() => late!.publish('all')).toThrow(/after the end of its transaction/);
  });

  it('a payload over the limit of NOTIFY, and many of them, still arrive', async () => {
    const [a, b] = [await overPostgres(), await overPostgres()];
    await a.topic.transaction(pool, async (_, tx) => tx.publish('model', { id: 'x'.repeat(9_000) }), {
      mode: 'notify',
    });
    await until(() => b.heard.includes('clear'));
    await a.topic.transaction(
      pool,
      async (_, tx) => {
        for (let i = 0; i < 2_000; i++) tx.publish('model', { id: i });
      },
      { mode: 'notify' },
    );
    await until(() => b.heard.filter((id) => id !== 'clear').length === 2_000);
    expect(b.bus.health().gaps.overflow).toBe(1);
  });

  it('a full NOTIFY queue fails only a transaction in mode notify', async () => {
    const server = await startPostgres({ settings: { max_notify_queue_pages: 64 } });
    const own = new Pool({ connectionString: server.url });
    const stuck = new Client({ connectionString: server.url });
    await stuck.connect();
    await stuck.query('LISTEN anything');
    await stuck.query('BEGIN; SELECT 1');
    const bus = createBus({ transport: postgresTransport({ listen: server.url }), namespace: 'n' });
    const topic = createInvalidator({ bus, topic: 't', kinds });
    await bus.start();
    const fill = async (): Promise<void> => {
      for (;;) await own.query(`SELECT pg_notify('filler', repeat('x', 7000) || n) FROM generate_series(1, 20) AS n`);
    };
    await expect(fill()).rejects.toMatchObject({ code: '54000' });
    await expect(topic.transaction(own, async (_, tx) => tx.publish('all'), { mode: 'notify' })).rejects.toMatchObject({
      code: '54000',
    });
    await topic.transaction(own, async (_, tx) => tx.publish('all'));
    await stuck.query('COMMIT');
    await stuck.end();
    await until(() => bus.health().state === 'live' && bus.health().queue === 0);
    await bus.close();
    await own.end();
    await server.close();
  });
});

describe('outbox', () => {
  it('a relay publishes what its writer did not, over any transport, and SQL may be applied twice', async () => {
    const client = new Redis(inject('redisUrl'));
    const namespace = crypto.randomUUID();
    const [a, b] = [
      await replica(createBus({ transport: redisTransport({ client }), namespace })),
      await replica(createBus({ transport: redisTransport({ client }), namespace })),
    ];
    const { up } = outboxSql({ table: 'public.My "outbox"' });
    await pool.query(up);
    await pool.query(up);
    const relay = createOutboxRelay({ bus: a.bus, pool, table: 'public.My "outbox"', intervalMs: 50 });
    open.unshift(relay);
    await pool.query(`INSERT INTO "My ""outbox""" (channel, hints) VALUES ($1, '[["model",1,{"id":7}]]'), ($1, NULL)`, [
      a.topic.channel,
    ]);
    await until(() => a.heard.includes('7') && b.heard.includes('7') && b.heard.includes('clear'));
    await until(async () => (await pool.query('SELECT 1 FROM "My ""outbox"""')).rows.length === 0);
    await relay.close();
    await pool.query(outboxSql({ table: 'public.My "outbox"' }).down);
    await a.bus.close();
    await b.bus.close();
    client.disconnect();
  });

  it('keeps a row until the broker has it', async () => {
    const server = await startRedis();
    const client = new Redis(server.url, { lazyConnect: true });
    client.on('error', () => {});
    const a = await replica(createBus({ transport: redisTransport({ client }), namespace: 'n', publishRetryMs: 300 }));
    await pool.query(outboxSql().up);
    const relay = createOutboxRelay({ bus: a.bus, pool, intervalMs: 60_000 });
    await relay.flush();
    await server.kill();
    await pool.query(`INSERT INTO corral_outbox (channel, hints) VALUES ($1, '[["all",1]]')`, [a.topic.channel]);
    await expect(relay.flush()).rejects.toMatchObject({ code: 'ERR_BUS_PUBLISH' });
    expect((await pool.query('SELECT 1 FROM corral_outbox')).rows.length).toBe(1);
    await server.start();
    await until(() => a.bus.health().state === 'live');
    expect(await relay.flush()).toBe(1);
    expect((await pool.query('SELECT 1 FROM corral_outbox')).rows.length).toBe(0);
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
    await pool.query(sql.up);
    await pool.query(sql.up);
    return sql;
  };

  it('announces insert, update, delete, COPY-like bulk and TRUNCATE of any writer, once for a statement', async () => {
    const { topic, heard } = await overPostgres();
    await install({ channel: topic.channel });
    const after = async (sql: string, expected: string[]): Promise<void> => {
      heard.length = 0;
      await pool.query(sql);
      await until(() => heard.length >= expected.length);
      expect(heard.toSorted()).toEqual(expected);
    };
    await after(`INSERT INTO models VALUES (1, 'a'), (2, 'b')`, ['1', '2']);
    await after(`UPDATE models SET id = 3 WHERE id = 2`, ['2', '3']);
    await after(`DELETE FROM models WHERE id = 1`, ['1']);
    await after(`INSERT INTO models SELECT n, 'x' FROM generate_series(1000, 2000) AS n`, ['clear']);
    await after(`TRUNCATE models`, ['clear']);
    await pool.query(`UPDATE models SET name = 'nobody'`);
    await after(`INSERT INTO models VALUES (9007199254740993, 'large')`, ['9007199254740993']);
  });

  it('announces nothing of a transaction that is rolled back', async () => {
    const { topic, heard } = await overPostgres();
    await install({ channel: topic.channel });
    await pool.query(`BEGIN; INSERT INTO models VALUES (1, 'a'); ROLLBACK; INSERT INTO models VALUES (2, 'b')`);
    await until(() => heard.length > 0);
    expect(heard).toEqual(['2']);
  });

  it('is removed without a trace, and may be removed twice', async () => {
    const { topic } = await overPostgres();
    const { down } = await install({ channel: topic.channel });
    await pool.query(down);
    await pool.query(down);
    const { rows } = await pool.query(
      `SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'corral%'`,
    );
    expect(rows).toEqual([]);
  });

  it('quotes whatever the names are, and carries several columns', async () => {
    await pool.query(`CREATE SCHEMA "we""ird"; CREATE TABLE "we""ird"."Ta'ble $corral$" ("K ey" text, "o'ther" int)`);
    const bus = createBus({ transport: postgresTransport({ listen: url }), namespace: `o'c"h` });
    open.push(bus);
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
    await pool.query(sql.up);
    await pool.query(`INSERT INTO "we""ird"."Ta'ble $corral$" VALUES ('a"b''c', 7)`);
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ 'K ey': `a"b'c`, "o'ther": 7 }]);
    await pool.query(sql.down);
    await pool.query('SELECT 1 FROM models');
  });

  it('goes through the outbox for other transports', async () => {
    await pool.query(outboxSql().up);
    const { topic, bus, heard } = await overPostgres();
    await install({ channel: topic.channel, via: 'outbox' });
    await pool.query(`INSERT INTO models VALUES (5, 'a')`);
    const relay = createOutboxRelay({ bus, pool, intervalMs: 50 });
    await until(() => heard.includes('5'));
    await relay.close();
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
  await wait(20);
  await bus.close({ drainMs: 10 });
  expect(bus.health().state).toBe('closed');
  await server.close();
});
