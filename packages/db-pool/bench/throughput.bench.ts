import { compare, median, report, type Comparison, type Figure } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { idealQueue } from './ideal-queue.ts';
import { load } from './load.ts';

/** Speed against pg.Pool, in interleaved rounds: figures 2, 3 and 7 of the package's promise. */
const SIZE = 10;
const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
const server = await startPostgres({ settings: { max_connections: 400 } });
const ours = createPool({ connection: server.url, size: SIZE, overflow: 0, acquireTimeoutMs: 60_000 });
const pipelined = createPool({
  connection: server.url,
  size: SIZE,
  overflow: 0,
  pipeline: { depth: 32 },
  acquireTimeoutMs: 60_000,
});
const theirs = new pg.Pool({ connectionString: server.url, max: SIZE });
const WARM_UP = 20_000;
const comparisons: Comparison[] = [];
const figures: Figure[] = [];

// A pool lives for days: what is measured is compiled code. Each contender gets the same warm-up.
const warm: { query(text: string): Promise<unknown> }[] = [ours, pipelined, theirs];
for (const pool of warm) await load(64, WARM_UP, () => pool.query('select 1'));

const ROWS = {
  'select 1': 'select 1 as one',
  '10 rows': "select n as id, 'name ' || n as name, now() as at from generate_series(1, 10) n",
};
for (const [what, sql] of Object.entries(ROWS)) {
  for (const concurrency of [1, 64, 1_000]) {
    const operations = concurrency === 1 ? 400 : 3_000;
    const result = await compare({
      name: `${what}, concurrency ${concurrency}`,
      baseline: 'pg.Pool',
      operations,
      rounds: ROUNDS,
      contenders: {
        'db-pool': () => load(concurrency, operations, () => ours.query(sql)),
        'db-pool, pipelined': () => load(concurrency, operations, () => pipelined.query(sql)),
        'pg.Pool': () => load(concurrency, operations, () => theirs.query(sql)),
      },
    });
    comparisons.push(result);
    const rate = (name: string): number => 1 / result.results.find((one) => one.name === name)!.ratio;
    figures.push({
      name: `throughput, ${result.name}`,
      value: `${rate('db-pool').toFixed(2)}x of pg.Pool`,
      bound: '>= 0.95x',
      ok: rate('db-pool') >= 0.95,
    });
    if (concurrency === 64) {
      figures.push({
        name: `pipelined, ${result.name}`,
        value: `${rate('db-pool, pipelined').toFixed(2)}x of pg.Pool`,
        bound: '>= 1.4x',
        ok: rate('db-pool, pipelined') >= 1.4,
      });
    }
  }
}

const failing = (pool: { query(text: string): Promise<unknown> }, share: number) => (index: number) =>
  pool.query(index % 100 < share * 100 ? 'select 1 / 0' : 'select 1').catch(() => undefined);
const failures = await compare({
  name: '10 % of the statements fail, concurrency 64',
  baseline: 'db-pool, none fail',
  operations: 2_000,
  rounds: ROUNDS,
  contenders: {
    'db-pool, none fail': () => load(64, 2_000, failing(ours, 0)),
    'db-pool, 10 % fail': () => load(64, 2_000, failing(ours, 0.1)),
    'pg.Pool, none fail': () => load(64, 2_000, failing(theirs, 0)),
    'pg.Pool, 10 % fail': () => load(64, 2_000, failing(theirs, 0.1)),
  },
});
comparisons.push(failures);
const time = (name: string): number => failures.results.find((one) => one.name === name)!.nsPerOperation;
const kept = 1 / failures.results.find((one) => one.name === 'db-pool, 10 % fail')!.ratio;
const theirKept = time('pg.Pool, none fail') / time('pg.Pool, 10 % fail');
figures.push({
  name: 'throughput with 10 % failing',
  value: `${kept.toFixed(2)}x [pg.Pool ${theirKept.toFixed(2)}x]`,
  bound: '>= 0.85x of none',
  ok: kept >= 0.85,
});
await Promise.all([ours.close(), pipelined.close(), theirs.end()]);

for (const size of [15, 50, 150]) {
  const mine: number[] = [];
  const others: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const pool = createPool({
      connection: server.url,
      size,
      overflow: 0,
      acquireTimeoutMs: 60_000,
      maxWaiting: 20_000,
    });
    mine.push(
      await idealQueue(size, (run) => pool.use((connection) => run(() => connection.query('select pg_sleep(0.005)')))),
    );
    await pool.close();
    const other = new pg.Pool({ connectionString: server.url, max: size });
    others.push(
      await idealQueue(size, async (run) => {
        const client = await other.connect();
        await run(() => client.query('select pg_sleep(0.005)'));
        client.release();
      }),
    );
    await other.end();
  }
  const ratio = median(mine);
  figures.push({
    name: `10,000 callers, 5 ms queries, ${size} connections: p99`,
    value: `${ratio.toFixed(2)}x [pg.Pool ${median(others).toFixed(2)}x]`,
    bound: '<= 1.15x of the ideal queue',
    ok: ratio <= 1.15,
  });
}

report(import.meta.url, comparisons, { figures, versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' } });
await server.close();
