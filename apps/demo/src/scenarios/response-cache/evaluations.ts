import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { evaluationWrite, stalledWrite } from './schema.ts';

export interface Evaluations {
  /** Ends the writes and resolves with what was seen. Idempotent. */
  stop(): Promise<Seen>;
}

export interface Seen {
  writes: number;
  /** The most sessions that waited for a lock at one moment. */
  lockWaiters: number;
}

export interface EvaluationPlan {
  /** Between two writes, milliseconds. */
  everyMs: number;
  /** The long one begins after this time and holds the lock so long. Milliseconds. */
  stallAtMs: number;
  stallMs: number;
}

const lockWaitersSql = `SELECT count(*)::int AS waiting FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'`;

/** Evaluation writes of another process, each holding the lock that the reads need; one of them for long. */
export async function startEvaluations(databaseUrl: string, plan: EvaluationPlan): Promise<Evaluations> {
  const clients = ['evaluations', 'stall', 'observer'].map(
    (name) => new Client({ connectionString: databaseUrl, application_name: `corral-demo-${name}` }),
  );
  const [writer, staller, observer] = clients as [Client, Client, Client];
  for (const client of clients) client.on('error', () => {});
  await Promise.all(clients.map((client) => client.connect()));
  const stopped = new AbortController();
  const { signal } = stopped;
  let writes = 0;
  let lockWaiters = 0;

  const write = async (): Promise<void> => {
    await writer.query(evaluationWrite);
    writes++;
  };
  const look = async (): Promise<void> => {
    const { rows } = await observer.query<{ waiting: number }>(lockWaitersSql);
    lockWaiters = Math.max(lockWaiters, rows[0]!.waiting);
  };
  const stall = async (): Promise<void> => {
    await pause(plan.stallAtMs, signal);
    if (signal.aborted) return;
    const { rows } = await staller.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    // Who stops the writes early does not wait for the long one.
    signal.addEventListener(
      'abort',
      () => void observer.query('SELECT pg_cancel_backend($1)', [rows[0]!.pid]).catch(() => {}),
    );
    await staller.query(stalledWrite(plan.stallMs)).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  };
  const running = Promise.all([again(write, plan.everyMs, signal), again(look, 50, signal), stall()]);
  running.catch(() => {}); // `stop` says it

  const end = async (): Promise<Seen> => {
    stopped.abort();
    try {
      await running;
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
    return { writes, lockWaiters };
  };
  let ended: Promise<Seen> | undefined;
  return { stop: () => (ended ??= end()) };
}

async function again(work: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work();
    await pause(everyMs, signal);
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal }).catch(() => {});
