/** What publishing costs eight concurrent writers: the three transaction modes against no publishing, on a server that syncs to disk. */
import { compare, report, type Comparison } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { createBus, createInvalidator, kind } from '@corral/pubsub-invalidate';
import { outboxSql, postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { Pool } from 'pg';

const WRITERS = 8;
const TRANSACTIONS = 60;
const ROUNDS = Number(process.env['ROUNDS'] ?? 11);

type Mode = 'none' | 'after-commit' | 'notify' | 'outbox';

async function compareModes(name: string, settings: Record<string, string | number>): Promise<Comparison> {
  const server = await startPostgres({ settings: { fsync: 'on', ...settings } });
  const pool = new Pool({ connectionString: server.url, max: WRITERS + 4 });
  await pool.query('CREATE TABLE models (id int PRIMARY KEY, n int)');
  await pool.query('INSERT INTO models SELECT i, 0 FROM generate_series(0, $1::int) AS i', [WRITERS]);
  await pool.query(outboxSql().up);
  const buses = [0, 1].map(() => createBus({ transport: postgresTransport({ listen: server.url }), namespace: 'n' }));
  const [topic] = buses.map((bus) =>
    createInvalidator({ bus, topic: 't', kinds: { model: kind<{ id: number; n: number }>() } }),
  );
  await Promise.all(buses.map((bus) => bus.start()));
  let n = 0;
  const write = async (mode: Mode, id: number): Promise<void> => {
    await topic!.transaction(
      pool,
      async (client, tx) => {
        await client.query('UPDATE models SET n = n + 1 WHERE id = $1', [id]);
        if (mode !== 'none') tx.publish('model', { id, n: n++ });
      },
      { mode: mode === 'none' ? 'after-commit' : mode },
    );
  };
  const run = (mode: Mode) => async (): Promise<void> => {
    const writer = async (id: number): Promise<void> => {
      for (let i = 0; i < TRANSACTIONS; i++) await write(mode, id);
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, id) => writer(id)));
  };
  const contenders = {
    none: run('none'),
    'after-commit': run('after-commit'),
    notify: run('notify'),
    outbox: run('outbox'),
  };
  const comparison = await compare({
    name,
    baseline: 'none',
    contenders,
    operations: WRITERS * TRANSACTIONS,
    rounds: ROUNDS,
  });
  await Promise.all(buses.map((bus) => bus.close()));
  await pool.end();
  await server.close();
  return comparison;
}

const plain = await compareModes('Eight writers, this disk: time of a transaction', {});
const slow = await compareModes('Eight writers, 2 ms for a flush (commit_delay): time of a transaction', {
  commit_delay: 2_000,
  commit_siblings: 0,
});
const share = ({ results }: Comparison, name: string): number => 1 / results.find((one) => one.name === name)!.ratio;
const figures = [plain, slow].map((comparison) => {
  const value = share(comparison, 'after-commit');
  return {
    name: `after-commit, throughput kept: ${comparison.name}`,
    value: value.toFixed(2),
    bound: '>= 0.9',
    ok: value >= 0.9,
  };
});
report(import.meta.url, [plain, slow], { file: 'WRITERS.md', versions: { pg: '8.23.1', postgres: '18.4' }, figures });
