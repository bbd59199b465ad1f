import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { until } from '@corral-internal/test-kit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../src/index.ts';
import { killBackends, trackPools } from './harness.ts';

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

describe('asPgPool', () => {
  it('is a pg.Pool by instanceof and by its members', async () => {
    const facade = open();

    expect(facade).toBeInstanceOf(pg.Pool);
    expect(facade.constructor.name).toMatch(/Pool/);
    expect(facade).toMatchObject({
      totalCount: 0,
      idleCount: 0,
      waitingCount: 0,
      expiredCount: 0,
      ending: false,
      ended: false,
    });
    expect(facade.options).toMatchObject({ max: 4, min: 0 });
    expect(JSON.stringify(facade.options)).not.toContain(database.url);
  });

  it('takes callbacks', async () => {
    const facade = open();

    const answer = await new Promise((resolve, reject) => {
      facade.connect((error, client, release) => {
        if (error || !client) return reject(error);
        client.query('select 7 as seven', (failure: Error | null, result) => {
          release();
          return failure ? reject(failure) : resolve(result.rows);
        });
      });
    });

    expect(answer).toEqual([{ seven: 7 }]);
    await until(() => pool.stats().busy === 0);
  });

  it('tells what happens, and no error event ends the process', async () => {
    const admin = pools.open(database.url, { size: 1, overflow: 0 });
    const facade = open({ name: 'facade-victim' });
    const heard: string[] = [];
    for (const event of ['connect', 'acquire', 'release', 'remove', 'error'] as const)
      facade.on(event as 'connect', () => void heard.push(event));
    const client = await facade.connect();
    client.release();
    await until(() => pool.stats().idle === 1);

    await killBackends(admin, 'facade-victim');
    await until(() => heard.includes('remove'));

    expect(heard).toEqual(['connect', 'acquire', 'release', 'error', 'remove']);
  });

  it('throws when a client is released twice', async () => {
    const client = await open().connect();
    client.release();

    expect(() => client.release()).toThrow('already been released');
  });

  it('keeps a connection that is released with an SQL error, and closes one released with true', async () => {
    const facade = open({ size: 1 });
    const first = await facade.connect();
    const error = await first.query('select 1 / 0').catch((error: Error) => error);
    first.release(error as Error);
    const second = await facade.connect();
    expect(second).toBe(first);

    second.release(true);

    const third = await facade.connect();
    expect(third).not.toBe(first);
    third.release();
  });

  it('gives the place of a lost connection back, also when its borrower never does', async () => {
    const admin = pools.open(database.url, { size: 1, overflow: 0 });
    const facade = open({ size: 1, name: 'never-released' });
    const client = await facade.connect();
    await killBackends(admin, 'never-released');

    await expect(client.query('begin')).rejects.toThrow(/terminat|not queryable/);

    await expect(facade.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  it('runs a query object of the driver', async () => {
    const query = open().query.bind(pool.asPgPool()) as unknown as (query: pg.Query) => Promise<pg.QueryResult>;

    const result = await query(new pg.Query('select 3 as three'));

    expect(result).toMatchObject({ rows: [{ three: 3 }] });
  });
});
