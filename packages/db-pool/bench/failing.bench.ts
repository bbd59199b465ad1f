import { report } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { Contenders } from './contenders.ts';

/**
 * What failing statements cost all the others: figure 3 of the package's promise. A failing statement costs the server and the
 * driver more than `select 1`, whatever the pool does: ten bare clients, handed on by a list, show the best that can be had.
 */
const OPERATIONS = 500;
const ROUNDS = Number(process.env['ROUNDS'] ?? 151);
const KINDS = ['db-pool', 'bare clients', 'pg.Pool'];
// The server writes each failed statement into its log: into a file, as in production. Its standard error would come through this process.
const server = await startPostgres({ settings: { logging_collector: 'on' } });
const contenders = await Contenders.start(server.url, KINDS);

const task = (failingPercent: number) => ({
  sql: 'select 1',
  failingPercent,
  concurrency: 64,
  operations: OPERATIONS,
});
await contenders.warmUp({ ...task(0), operations: 10_000 });
await contenders.warmUp({ ...task(10), operations: 5_000 });

const comparisons = [];
const kept = new Map<string, number>();
for (const kind of KINDS) {
  const none = `${kind}, none fail`;
  const some = `${kind}, 10 % fail`;
  const result = await contenders.compare({
    name: `${kind}: 10 % of the statements fail, concurrency 64`,
    baseline: none,
    operations: OPERATIONS,
    rounds: kind === 'pg.Pool' ? Math.ceil(ROUNDS / 3) : ROUNDS,
    contenders: { [none]: () => contenders.perform(kind, task(0)), [some]: () => contenders.perform(kind, task(10)) },
  });
  comparisons.push(result);
  kept.set(kind, 1 / result.results.find(({ name }) => name === some)!.ratio);
}
await contenders.end();
await server.close();

const [ours, bare, theirs] = KINDS.map((kind) => kept.get(kind)!) as [number, number, number];
report(import.meta.url, comparisons, {
  file: 'FAILING.md',
  versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' },
  figures: [
    {
      name: 'throughput with 10 % failing',
      value: `${ours.toFixed(2)}x [bare clients ${bare.toFixed(2)}x, pg.Pool ${theirs.toFixed(2)}x]`,
      bound: '>= 0.85x of none',
      ok: ours >= 0.85,
    },
  ],
});
