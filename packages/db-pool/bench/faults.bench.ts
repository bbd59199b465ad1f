import { monitorEventLoopDelay } from 'node:perf_hooks';
import { report, type Figure } from '@corral-internal/bench-kit';
import { startPostgres } from '@corral-internal/test-kit/servers';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { pause, rate, recoveredAfter, startWorkers, type Workers } from './load.ts';

/** What a restart, killed backends and a frozen server cost the callers: figures 4, 5, 6 and 9 of the package's promise. */
const server = await startPostgres({ settings: { max_connections: 200 } });
const admin = new pg.Client({ connectionString: server.url });
const figures: Figure[] = [];
const bound = (name: string, value: string, limit: string, ok: boolean): void =>
  void figures.push({ name, value, bound: limit, ok });

interface Subject {
  query(): Promise<unknown>;
  connects(): number;
  end(): Promise<unknown>;
}

function ours(statement: string): Subject {
  const pool = createPool({ connection: server.url, name: 'ours', size: 10, overflow: 0, acquireTimeoutMs: 10_000 });
  return {
    query: () => pool.query(statement),
    connects: () => pool.stats().created + pool.stats().connectErrors,
    end: () => pool.close(),
  };
}

function theirs(statement: string): Subject {
  let connects = 0;
  class Counted extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      connects += 1;
    }
  }
  const pool = new pg.Pool({
    connectionString: server.url,
    max: 10,
    connectionTimeoutMillis: 10_000,
    Client: Counted,
  });
  pool.on('error', () => undefined);
  return { query: () => pool.query(statement), connects: () => connects, end: () => pool.end() };
}

/** 64 workers; fast shutdown, down for 2 s, start. */
async function restart(subject: Subject): Promise<{ failed: number; connects: number; recoveredMs: number }> {
  const workers = startWorkers(64, subject.query);
  await pause(1_500);
  const stopAt = performance.now();
  const usual = rate(workers, workers.startedAt + 500, stopAt);
  const connectsBefore = subject.connects();
  await server.stop();
  await pause(2_000);
  await server.start();
  const startedAt = performance.now();
  const connects = subject.connects() - connectsBefore;
  await pause(2_000);
  await workers.stop();
  return {
    failed: workers.failures.length,
    connects,
    recoveredMs: recoveredAfter(workers, startedAt, usual, 0.8),
  };
}

for (const round of [1, 2, 3]) {
  const mine = ours('select pg_sleep(0.002)');
  const other = theirs('select pg_sleep(0.002)');
  const a = await restart(mine);
  await mine.end();
  const b = await restart(other);
  await other.end();
  bound(
    `restart, run ${round}: failed statements`,
    `${a.failed} [pg.Pool ${b.failed}]`,
    '<= 10 in flight',
    a.failed <= 10,
  );
  bound(
    `restart, run ${round}: connects while down`,
    `${a.connects} [pg.Pool ${b.connects}]`,
    '<= 100',
    a.connects <= 100,
  );
  bound(
    `restart, run ${round}: 80 % of throughput after start`,
    `${Math.round(a.recoveredMs)} ms [pg.Pool ${Math.round(b.recoveredMs)} ms]`,
    '<= 500 ms',
    a.recoveredMs <= 500,
  );
}

await admin.connect();
const kill = (name: string): Promise<unknown> =>
  admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [name]);

/** 64 workers on 20 connections, all backends killed at once. */
for (const round of [1, 2, 3]) {
  const pool = createPool({ connection: server.url, name: 'victims', size: 20, overflow: 0, acquireTimeoutMs: 10_000 });
  const workers = startWorkers(64, () => pool.query('select pg_sleep(0.02)'));
  await pause(1_500);
  const killedAt = performance.now();
  const usual = rate(workers, workers.startedAt + 500, killedAt);
  await kill('victims');
  await pause(1_000);
  await workers.stop();
  await pool.close();
  const errors = workers.failures.length;
  const twice = errors - new Set(workers.failures.map(({ worker }) => worker)).size;
  const recovered = recoveredAfter(workers, killedAt, usual, 0.8);
  bound(`backends killed, run ${round}: failed statements`, String(errors), '<= 20', errors <= 20);
  bound(`backends killed, run ${round}: callers hit twice`, String(twice), '= 0', twice === 0);
  bound(`backends killed, run ${round}: recovered`, `${Math.round(recovered)} ms`, '<= 300 ms', recovered <= 300);
}

/**
 * The whole server frozen for 5 s: how early or late deadlines of both kinds come, and what else the callers see. No deadline falls
 * due at the moment of the thaw, when this process itself is busy with looking up the server's processes.
 */
{
  const acquireTimeoutMs = 1_100;
  const timeoutMs = 1_500;
  const pool = createPool({ connection: server.url, name: 'frozen', size: 10, overflow: 0, acquireTimeoutMs });
  const limits: Record<string, number> = { ERR_POOL_ACQUIRE_TIMEOUT: acquireTimeoutMs, ERR_QUERY_TIMEOUT: timeoutMs };
  const offMs: Record<string, number[]> = { ERR_POOL_ACQUIRE_TIMEOUT: [], ERR_QUERY_TIMEOUT: [] };
  const others: unknown[] = [];
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const workers: Workers = startWorkers(64, async () => {
    const at = performance.now();
    try {
      await pool.query('select pg_sleep(0.002)', [], { timeoutMs });
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (offMs[code]) offMs[code].push(performance.now() - at - limits[code]!);
      else others.push(error);
      throw error;
    }
  });
  await pause(1_000);
  server.pause();
  await pause(5_000);
  server.resume();
  const resumedAt = performance.now();
  await pause(1_500);
  await workers.stop();
  await pool.close();
  const recovered = (workers.successes.find((at) => at > resumedAt) ?? Infinity) - resumedAt;
  const loopMs = Math.round(loop.max / 1e6);
  for (const [code, off] of Object.entries(offMs)) {
    const [earliest, latest] = [Math.min(...off), Math.max(...off)];
    bound(
      `frozen 5 s: ${off.length} x ${code}, off by (event loop: up to ${loopMs} ms)`,
      `${earliest.toFixed(1)} to ${latest.toFixed(1)} ms`,
      '-1 to 20 ms',
      off.length > 0 && earliest > -1 && latest <= 20,
    );
  }
  bound('frozen 5 s: any other error', String(others.length), '= 0', others.length === 0);
  bound('frozen 5 s: first success after thaw', `${Math.round(recovered)} ms`, '<= 200 ms', recovered <= 200);
}

/** Idle backends killed, 20 statements at once, without a pause between. */
for (const round of [1, 2, 3]) {
  const pool = createPool({ connection: server.url, name: 'idle', size: 20, overflow: 0, prePing: 'always' });
  await Promise.all(Array.from({ length: 20 }, () => pool.query('select pg_sleep(0.05)')));
  await kill('idle');
  const settled = await Promise.allSettled(Array.from({ length: 20 }, () => pool.query('select 1')));
  const succeeded = settled.filter(({ status }) => status === 'fulfilled').length;
  await pool.close();
  bound(
    `idle backends killed, run ${round}: of 20 statements at once`,
    `${succeeded} succeed`,
    '= 20',
    succeeded === 20,
  );
}

await admin.end();
await server.close();
report(import.meta.url, [], {
  figures,
  file: 'FAULTS.md',
  versions: { pg: '8.23.1', 'pg-pool': '3.14.0', PostgreSQL: '18' },
});
