import { setTimeout as delay } from 'node:timers/promises';
import { until } from '@corral-internal/test-kit';
import { command } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';

/** Time 1,200:1: a minute between two tries is 50 ms. */
const everyMs = 50;
/** How long the task fails. */
const brokenMs = 1_200;
const idleSessions = 25;

interface Expiry {
  tries: number;
  /** How long it failed by then, milliseconds. */
  forMs: number;
  logged: number;
  expired: boolean;
}

/** The most tries in that time when each pause is twice the one before it, from the interval on. */
export const mostTries = (forMs: number, firstPauseMs: number): number =>
  Math.floor(Math.log2(forMs / firstPauseMs + 1)) + 1;

/** The task's function is away for a while; then it is back, and idle sessions have to be expired. */
export const expiryTask: Part<Expiry> = {
  name: 'the session expiry task',
  look: async ({ workers: { replicas }, stage: { admin } }) => {
    const [worker] = replicas;
    const logged = async (): Promise<number> =>
      (await command<string[]>(worker!, 'journal')).filter((line) => line.includes('session expiry failed')).length;
    await admin.query(
      `INSERT INTO chat_sessions SELECT -n, 0, 'gone', 'idle', 0, now() - interval '1 hour' FROM generate_series(1, ${idleSessions}) AS n
       ON CONFLICT (id) DO UPDATE SET status = 'idle'`,
    );
    await admin.query('ALTER FUNCTION expire_sessions RENAME TO expire_sessions_away');
    const startMs = performance.now();
    await command(worker!, 'startExpiry', everyMs);
    await delay(brokenMs);
    const tries = await command<number>(worker!, 'expiryTries');
    const seen = { tries, forMs: performance.now() - startMs, logged: await logged() };
    await admin.query('ALTER FUNCTION expire_sessions_away RENAME TO expire_sessions');
    const isExpired = async (): Promise<boolean> => {
      const { rows } = await admin.query<{ left: number }>(
        `SELECT count(*)::int AS left FROM chat_sessions WHERE status = 'idle'`,
      );
      return rows[0]!.left === 0;
    };
    const expired = await until(isExpired, { label: 'the idle sessions are expired' }).then(
      () => true,
      () => false,
    );
    await command(worker!, 'stopExpiry');
    return { ...seen, expired };
  },
  check: ({ before, after }) => {
    if (after === undefined) return undefined;
    const most = mostTries(after.forMs, everyMs);
    return {
      name: 'a failing session expiry is logged, and backs off',
      ok: after.tries <= most && after.logged >= after.tries - 1 && after.logged > 0 && after.expired,
      detail: `broken for ${brokenMs / 1_000} s at an interval of ${everyMs} ms: ${before === undefined ? '' : `before ${before.tries} tries, ${before.logged} logged; `}after ${after.tries} tries (at most ${most}), ${after.logged} logged; then ${after.expired ? 'all' : 'NOT all'} ${idleSessions} idle sessions were expired`,
    };
  },
};
