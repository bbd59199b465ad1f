import { compare, report } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { load } from './load.ts';

/** What failing statements cost all the others: figure 3 of the package's promise. */
const OPERATIONS = 500;
const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
const server = await startPostgres();
const ours = createPool({ connection: server.url, size: 10, overflow: 0, acquireTimeoutMs: 60_000 });
const theirs = new pg.Pool({ connectionString: server.url, max: 10 });

const failing = (pool: { query(text: string): Promise<unknown> }, share: number) => (index: number) =>
  pool.query(index % 100 < share * 100 ? 'select 1 / 0' : 'select 1').catch(() => undefined);
const failures = await compare({
  name: '10 % of the statements fail, concurrency 64',
  baseline: 'db-pool, none fail',
  operations: OPERATIONS,
  rounds: ROUNDS,
  contenders: {
    'db-pool, none fail': () => load(64, OPERATIONS, failing(ours, 0)),
    'db-pool, 10 % fail': () => load(64, OPERATIONS, failing(ours, 0.1)),
    'pg.Pool, none fail': () => load(64, OPERATIONS, failing(theirs, 0)),
    'pg.Pool, 10 % fail': () => load(64, OPERATIONS, failing(theirs, 0.1)),
  },
});
const time = (name: string): number => failures.results.find((one) => one.name === name)!.nsPerOperation;
const kept = 1 / failures.results.find((one) => one.name === 'db-pool, 10 % fail')!.ratio;
const theirKept = time('pg.Pool, none fail') / time('pg.Pool, 10 % fail');
const figure = {
  name: 'throughput with 10 % failing',
  value: `${kept.toFixed(2)}x [pg.Pool ${theirKept.toFixed(2)}x]`,
  bound: '>= 0.85x of none',
  ok: kept >= 0.85,
};
await Promise.all([ours.close(), theirs.end()]);
await server.close();
report(import.meta.url, [failures], {
  figures: [figure],
  file: 'FAILING.md',
  versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' },
});
