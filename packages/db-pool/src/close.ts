import type { Core } from './core.ts';
import { PoolClosedError } from './errors.ts';
import { after, settlesWithin } from './timer.ts';

const CANCEL_MS = 1_000;

/**
 * Refuses new callers, serves those who wait and lets borrowers finish, until `timeoutMs`; then cancels what runs and closes
 * the sockets. Resolves when all sockets are gone; `forced` counts the connections that were taken from their borrowers.
 */
export async function drain(core: Core, timeoutMs: number): Promise<{ forced: number }> {
  core.state = 'draining';
  const inTime = await becomes(core, () => core.waiters.size === 0 && core.sessions.size === 0, timeoutMs);
  const forced = inTime ? 0 : await takeBack(core);
  core.state = 'closed';
  core.connector.close();
  await becomes(core, () => core.closing === 0 && core.connector.connecting === 0, Infinity);
  return { forced };
}

async function takeBack(core: Core): Promise<number> {
  core.state = 'closed';
  core.dismissAll(new PoolClosedError('the pool closed before a connection came free'));
  const held = [...core.sessions];
  await Promise.all(
    held.map(async (session) => {
      session.abandon();
      await settlesWithin(session.whenQuiet(), CANCEL_MS);
      core.discard(session, 'closed');
    }),
  );
  return held.length;
}

/** Closes idle connections as they come, and asks again whenever the pool shrinks. False: the time was over first. */
function becomes(core: Core, condition: () => boolean, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = after(timeoutMs, () => settle(false));
    const settle = (ok: boolean) => {
      clearTimeout(timer);
      core.onShrink = undefined;
      resolve(ok);
    };
    const look = () => {
      if (core.waiters.size === 0) {
        core.connector.close();
        for (const session of core.idle.splice(0)) core.discard(session, 'closed');
      }
      if (condition()) settle(true);
    };
    core.onShrink = look;
    look();
  });
}
