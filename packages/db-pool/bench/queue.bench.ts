import { median, report, type Figure } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { idealQueue } from './ideal-queue.ts';

/** 10,000 callers at once against the ideal queue: figure 7 of the package's promise. */
const server = await startPostgres({ settings: { max_connections: 400 } });
const figures: Figure[] = [];

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

report(import.meta.url, [], {
  figures,
  file: 'QUEUE.md',
  versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' },
});
await server.close();
