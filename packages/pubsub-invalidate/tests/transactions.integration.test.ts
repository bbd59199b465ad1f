import { until } from '@corral-internal/test-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { createBus, createInvalidator } from '@corral/pubsub-invalidate';
import { outboxSql, postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';
import { Client, Pool } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { kinds, useDatabase } from './database.ts';

const setting = useDatabase();

describe.each(['after-commit', 'notify', 'outbox'] as const)('transaction, %s', (mode) => {
  it('announces what was committed, to the own replica too, and what others read then is new', async () => {
    await setting.pool.query(outboxSql().up);
    const [a, b] = [await setting.overPostgres(), await setting.overPostgres()];
    const seen: unknown[] = [];
    b.topic.on('model', () => {
      void setting.pool.query('SELECT name FROM models WHERE id = 1').then(({ rows }) => seen.push(rows[0]));
    });
    const result = await a.topic.transaction(
      setting.pool,
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
    await until(
      async () => mode !== 'outbox' || (await setting.pool.query('SELECT 1 FROM corral_outbox')).rows.length === 0,
    );
  });

  it('announces nothing on rollback, and releases the client', async () => {
    await setting.pool.query(outboxSql().up);
    const [a, b] = [await setting.overPostgres(), await setting.overPostgres()];
    const failing = a.topic.transaction(
      setting.pool,
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
    expect((await setting.pool.query('SELECT 1 FROM models')).rows).toEqual([]);
    expect(setting.pool.idleCount).toBe(setting.pool.totalCount);
  });

  it('rejects when COMMIT is answered by ROLLBACK', async () => {
    await setting.pool.query(outboxSql().up);
    const a = await setting.overPostgres();
    const swallowed = a.topic.transaction(
      setting.pool,
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
    const a = await setting.overPostgres();
    await setting.pool
      .query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON models DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    const own = new Pool({ connectionString: setting.url, application_name: 'breaking' });
    own.on('error', () => {});
    const breaking = a.topic.transaction(own, async (client, tx) => {
      client.on('error', () => {});
      await client.query(`INSERT INTO models VALUES (1, 'new')`);
      tx.publish('model', { id: 1 });
    });
    breaking.catch(() => {});
    const commits = async (): Promise<boolean> =>
      (
        await setting.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'breaking' AND query = 'COMMIT' AND wait_event = 'PgSleep'`,
        )
      ).rows.length > 0;
    await until(commits);
    await expect(breaking).rejects.toThrow(/terminat/);
    expect(a.heard).toEqual(['1']);
    await own.end();
  });

  it('refuses NOTIFY over another transport, and a mode that is none', async () => {
    const client = new Redis(inject('redisUrl'));
    const a = await setting.replica(
      createBus({ transport: redisTransport({ client }), namespace: crypto.randomUUID() }),
    );
    await expect(a.topic.transaction(setting.pool, async () => {}, { mode: 'notify' })).rejects.toThrow(
      /^mode: 'notify' needs the Postgres transport and this bus runs over redis pubsub/,
    );
    await expect(a.topic.transaction(setting.pool, async () => {}, { mode: 'later' as never })).rejects.toThrow(
      /^mode: expected 'after-commit' or 'notify' or 'outbox', got later/,
    );
    await a.bus.close();
    client.disconnect();
  });

  it('refuses a publish after its end', async () => {
    const a = await setting.overPostgres();
    let late: { publish(kind: 'all'): void } | undefined;
    await a.topic.transaction(setting.pool, async (_, tx) => {
      late = tx;
    });
    expect(() => late!.publish('all')).toThrow(/after the end of its transaction/);
  });

  it('a payload over the limit of NOTIFY, and many of them, still arrive', async () => {
    const [a, b] = [await setting.overPostgres(), await setting.overPostgres()];
    await a.topic.transaction(setting.pool, async (_, tx) => tx.publish('model', { id: 'x'.repeat(9_000) }), {
      mode: 'notify',
    });
    await until(() => b.heard.includes('clear'));
    await a.topic.transaction(
      setting.pool,
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
