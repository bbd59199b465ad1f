import { report, type Comparison, type Figure } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { Contenders } from './contenders.ts';

/**
 * Speed against pg.Pool: figure 2 of the package's promise. Many short rounds in random order: a disturbance hits few of them,
 * and the median of two hundred ratios moves by a tenth of what one of them moves. ONLY='10 rows' is one half, ROUNDS=0.2 a fifth.
 */
const SHARE = Number(process.env['ROUNDS'] ?? 1);
const ONLY = process.env['ONLY'] ?? '';
const CONCURRENCY = process.env['CONCURRENCY'];
const PLAN = [
  { concurrency: 1, operations: 100, rounds: 201 },
  { concurrency: 64, operations: 500, rounds: 201 },
  { concurrency: 1_000, operations: 2_000, rounds: 61 },
].filter(({ concurrency }) => CONCURRENCY === undefined || concurrency === Number(CONCURRENCY));
const STATEMENTS = [
  { what: 'select 1', file: 'SELECT-1.md', sql: 'select 1 as one' },
  {
    what: '10 rows',
    file: 'TEN-ROWS.md',
    sql: "select n as id, 'name ' || n as name, now() as at from generate_series(1, 10) n",
  },
].filter(({ what }) => what.includes(ONLY));
const KINDS = ['db-pool', 'db-pool, pipelined', 'pg.Pool'];

const server = await startPostgres();
for (const { what, sql, file } of STATEMENTS) {
  const contenders = await Contenders.start(server.url, KINDS);
  await contenders.warmUp({ sql, concurrency: 64, operations: 10_000 });
  const comparisons: Comparison[] = [];
  const figures: Figure[] = [];
  for (const { concurrency, operations, rounds } of PLAN) {
    const task = { sql, concurrency, operations };
    const result = await contenders.compare({
      name: `${what}, concurrency ${concurrency}`,
      baseline: 'pg.Pool',
      operations,
      rounds: Math.ceil(rounds * SHARE),
      contenders: Object.fromEntries(KINDS.map((kind) => [kind, () => contenders.perform(kind, task)])),
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
  contenders.end();
  report(import.meta.url, comparisons, {
    file,
    figures,
    versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' },
  });
}
await server.close();
