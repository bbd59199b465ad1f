import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { until } from '@corral-internal/test-kit';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { makeWorkerUtils, run } from 'graphile-worker';
import { Kysely, PostgresDialect, type Generated } from 'kysely';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Pool } from '../src/index.ts';
import { trackPools } from './harness.ts';

const pools = trackPools();
let database: { url: string; drop(): Promise<void> };
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => pools.closeAll());

const open = (options = {}): pg.Pool => {
  pool = pools.open(database.url, { size: 4, overflow: 0, ...options });
  return pool.asPgPool();
};

/** Nothing was left behind: every connection is idle again and none is inside a transaction. */
async function expectAllReturned(): Promise<void> {
  await until(() => pool.stats().busy === 0, { label: 'every connection came back' });
  const { rows } = await pool.query(
    'select count(*)::int as open from pg_stat_activity where state like $1 and datname = current_database()',
    ['idle in%'],
  );
  expect(rows).toEqual([{ open: 0 }]);
}

it('Drizzle queries, commits and rolls back', async () => {
  const ducks = pgTable('ducks', { id: integer().primaryKey(), name: text().notNull() });
  const db = drizzle(open());
  await db.execute(sql`create table ducks (id int primary key, name text not null)`);

  await db.transaction(async (tx) => {
    await tx.insert(ducks).values({ id: 1, name: 'Ada' });
    await tx.transaction((inner) => inner.insert(ducks).values({ id: 2, name: 'Bo' }));
  });
  const refused = db.transaction(async (tx) => {
    await tx.insert(ducks).values({ id: 3, name: 'Cy' });
    tx.rollback();
  });

  await expect(refused).rejects.toThrow('Rollback');
  expect(await db.select().from(ducks).orderBy(ducks.id)).toEqual([
    { id: 1, name: 'Ada' },
    { id: 2, name: 'Bo' },
  ]);
  await expectAllReturned();
});

it('Kysely queries, commits and rolls back', async () => {
  interface Database {
    geese: { id: Generated<number>; name: string };
  }
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: open() }) });
  await db.schema
    .createTable('geese')
    .addColumn('id', 'serial', (column) => column.primaryKey())
    .addColumn('name', 'text')
    .execute();

  await db.transaction().execute((tx) => tx.insertInto('geese').values({ name: 'Gus' }).execute());
  const refused = db.transaction().execute(async (tx) => {
    await tx.insertInto('geese').values({ name: 'Hal' }).execute();
    throw new Error('no');
  });

  await expect(refused).rejects.toThrow('no');
  expect(await db.selectFrom('geese').select('name').execute()).toEqual([{ name: 'Gus' }]);
  await expectAllReturned();
  await db.destroy();
  expect(pool.health().state).toBe('draining');
});

it('Prisma’s adapter queries, commits and rolls back', async () => {
  const adapter = await new PrismaPg(open()).connect();
  await adapter.executeScript('create table swans (id int, name text)');
  const insert = (id: number) => ({
    sql: 'insert into swans values ($1, $2)',
    args: [id, 'Iris'],
    argTypes: [
      { scalarType: 'int', arity: 'scalar' },
      { scalarType: 'string', arity: 'scalar' },
    ] as never,
  });

  const kept = await adapter.startTransaction();
  expect(await kept.executeRaw(insert(1))).toBe(1);
  await kept.executeRaw({ sql: 'COMMIT', args: [], argTypes: [] });
  await kept.commit();
  const undone = await adapter.startTransaction('SERIALIZABLE');
  await undone.executeRaw(insert(2));
  await undone.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] });
  await undone.rollback();
  const answer = await adapter.queryRaw({ sql: 'select id, name from swans', args: [], argTypes: [] });

  expect(answer).toMatchObject({ columnNames: ['id', 'name'], rows: [[1, 'Iris']] });
  await expectAllReturned();
  await adapter.dispose();
});

it('TypeORM synchronises, saves and rolls back', async () => {
  const facade = open();
  const Crane = new EntitySchema<{ id: number; name: string }>({
    name: 'Crane',
    columns: { id: { type: Number, primary: true, generated: true }, name: { type: String } },
  });
  // TypeORM makes its pool itself; a constructor may answer with an object that exists already.
  function OurPool(): pg.Pool {
    return facade;
  }
  const source = new DataSource({
    type: 'postgres',
    url: database.url,
    driver: { ...pg, Pool: OurPool },
    entities: [Crane],
    synchronize: true,
  });
  await source.initialize();
  const cranes = source.getRepository(Crane);

  await cranes.save({ name: 'Jo' });
  const refused = source.transaction(async (manager) => {
    await manager.getRepository(Crane).save({ name: 'Kim' });
    throw new Error('no');
  });

  await expect(refused).rejects.toThrow('no');
  expect(await cranes.find()).toMatchObject([{ name: 'Jo' }]);
  await expectAllReturned();
  await source.destroy();
  expect(facade.ended).toBe(true);
});

it('graphile-worker runs a job and gives its LISTEN connection back', async () => {
  const facade = open({ nested: 'allow' });
  const done: unknown[] = [];
  const utils = await makeWorkerUtils({ pgPool: facade });
  await utils.migrate();
  const runner = await run({
    pgPool: facade,
    concurrency: 2,
    noHandleSignals: true,
    taskList: { greet: (payload) => void done.push(payload) },
  });

  await utils.addJob('greet', { name: 'Lou' });
  await until(() => done.length === 1, { label: 'the job ran' });
  await runner.stop();
  await utils.release();

  expect(done).toEqual([{ name: 'Lou' }]);
  await until(() => pool.stats().busy === 0);
});

it('pg-boss runs a job', async () => {
  const facade = open();
  const boss = new PgBoss({
    db: { executeSql: (text, values) => facade.query(text, values) },
    schedule: false,
    supervise: false,
  });
  await boss.start();
  await boss.createQueue('mail');
  const done: unknown[] = [];
  await boss.work(
    'mail',
    { pollingIntervalSeconds: 0.5 },
    async (jobs) => void done.push(...jobs.map((job) => job.data)),
  );

  await boss.send('mail', { to: 'Mo' });
  await until(() => done.length === 1, { label: 'the job ran' });
  await boss.stop({ graceful: false });

  expect(done).toEqual([{ to: 'Mo' }]);
});

it('connect-pg-simple stores and reads a session', async () => {
  const PgStore = createRequire(import.meta.url)('connect-pg-simple')({ Store: EventEmitter }) as new (
    options: object,
  ) => {
    set(id: string, session: object, reply: (error: unknown) => void): void;
    get(id: string, reply: (error: unknown, session: unknown) => void): void;
    close(): Promise<void>;
  };
  const store = new PgStore({ pool: open(), createTableIfMissing: true, pruneSessionInterval: false });

  await new Promise((resolve) => store.set('s1', { cookie: {}, user: 'Nia' }, resolve));
  const session = await new Promise((resolve) => store.get('s1', (_error, found) => resolve(found)));
  await store.close();

  expect(session).toMatchObject({ user: 'Nia' });
  await expectAllReturned();
});
