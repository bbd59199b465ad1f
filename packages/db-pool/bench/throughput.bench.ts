import { report, type Comparison, type Figure } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { Contenders, middle } from './contenders.ts';

/**
 * Speed against pg.Pool: figure 2 of the package's promise. Many short rounds in random order: a disturbance hits few of them. And
 * five generations of processes: where a process, its server's processes and their memory come to lie stays for its life and
 * moves a ratio by a tenth at concurrency 1. ONLY='10 rows' is one half, CONCURRENCY=64 a third of it, ROUNDS=0.2 a fifth.
 */
const GENERATIONS = 5;
const SHARE = Number(process.env['ROUNDS'] ?? 1);
const ONLY = process.env['ONLY'] ?? '';
const CONCURRENCY = process.env['CONCURRENCY'];
const PLAN = [
  { concurrency: 1, operations: 100, rounds: 41 },
  { concurrency: 64, operations: 500, rounds: 31 },
  { concurrency: 1_000, operations: 2_000, rounds: 11 },
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
  const runs = PLAN.map((): Comparison[] => []);
  for (let generation = 0; generation < GENERATIONS; generation += 1) {
    const contenders = await Contenders.start(server.url, KINDS);
    await contenders.warmUp({ sql, concurrency: 64, operations: 10_000 });
    for (const [index, { concurrency, operations, rounds }] of PLAN.entries()) {
      const task = { sql, concurrency, operations };
      const run = await contenders.compare({
        name: `${what}, concurrency ${concurrency}`,
        baseline: 'pg.Pool',
        operations,
        rounds: Math.ceil(rounds * SHARE),
        contenders: Object.fromEntries(KINDS.map((kind) => [kind, () => contenders.perform(kind, task)])),
      });
      runs[index]!.push(run);
    }
    await contenders.end();
  }

  const comparisons = runs.map(middle);
  const figures: Figure[] = [];
  for (const [index, result] of comparisons.entries()) {
    const rate = (name: string): number => 1 / result.results.find((one) => one.name === name)!.ratio;
    figures.push({
      name: `throughput, ${result.name}`,
      value: `${rate('db-pool').toFixed(2)}x of pg.Pool`,
      bound: '>= 0.95x',
      ok: rate('db-pool') >= 0.95,
    });
    if (PLAN[index]!.concurrency === 64) {
      figures.push({
        name: `pipelined, ${result.name}`,
        value: `${rate('db-pool, pipelined').toFixed(2)}x of pg.Pool`,
        bound: '>= 1.4x',
        ok: rate('db-pool, pipelined') >= 1.4,
      });
    }
  }
  report(import.meta.url, comparisons, {
    file,
    figures,
    versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' },
  });
}
await server.close();
