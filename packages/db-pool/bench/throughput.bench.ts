import { compare, report, type Comparison, type Figure } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { load } from './load.ts';

/** Speed against pg.Pool: figure 2 of the package's promise. Many short rounds: a disturbance hits few of them. */
const SIZE = 10;
const ROUNDS = Number(process.env['ROUNDS'] ?? 25);
const server = await startPostgres({ settings: { max_connections: 100 } });
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
    const operations = { 1: 150, 64: 1_000, 1_000: 2_000 }[concurrency]!;
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
    console.log(result.name, ...result.results.map(({ name, ratio }) => `${name} ${(1 / ratio).toFixed(2)}x`));
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

report(import.meta.url, comparisons, { figures, versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' } });
await Promise.all([ours.close(), pipelined.close(), theirs.end()]);
await server.close();
