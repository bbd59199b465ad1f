import { until } from '@corral-internal/test-kit';
import { command } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';
import { turnsAtOnce } from './devices.ts';

const failing = 5;
const dropped = 20;

interface Logged {
  failed: number;
  logged: number;
}

/** The language model answers 500: who hears of it? */
export const failuresInATurn: Part<Logged> = {
  name: 'failures inside a turn',
  look: async ({ workers: { replicas, ports }, place: { load } }) => {
    const lines = async (): Promise<number> =>
      (await command<string[]>(replicas[0]!, 'journal')).filter((line) => line.startsWith('turn ')).length;
    const before = await lines();
    const { failed } = await turnsAtOnce(ports[0]!, failing, load, { fail: true });
    return { failed, logged: (await lines()) - before };
  },
  check: ({ before, after }) =>
    after && {
      name: 'a failure inside a turn is logged',
      ok: after.failed === failing && after.logged === failing,
      detail: `${failing} turns failed at the language model: ${before === undefined ? '' : `before ${before.logged} lines in the log; `}after ${after.logged}`,
    },
};

/** Every idle connection is ended by the server; the next turns must not notice. */
export const killedWhileIdle: Part<{ killed: number; failed: number }> = {
  name: 'connections killed while idle',
  look: async ({ workers: { ports }, stage: { admin }, place: { load } }) => {
    await turnsAtOnce(ports[0]!, dropped, load);
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'worker-%' AND state = 'idle'`,
    );
    const pids = rows.map(({ pid }) => pid);
    const haveGone = async (): Promise<boolean> =>
      (await admin.query('SELECT FROM pg_stat_activity WHERE pid = ANY ($1::int[])', [pids])).rows.length === 0;
    await until(haveGone, { label: 'the server has ended its connections' });
    const { failed } = await turnsAtOnce(ports[0]!, dropped, load);
    return { killed: pids.length, failed };
  },
  check: ({ before, after }) =>
    after && {
      name: 'a connection that died while idle costs no turn (pre-ping)',
      ok: after.failed === 0 && after.killed > 0,
      detail: `idle connections ended by the server (pg_terminate_backend), then ${dropped} turns at once: ${before === undefined ? '' : `before ${before.killed} ended, ${before.failed} failed; `}after ${after.killed} ended, ${after.failed} failed`,
    },
};
