import { Pool } from 'undici';
import { openLoop, type Schedule } from './open-loop.ts';
import type { LoadReport, Recorder } from './recorder.ts';

export interface CallersProfile {
  ports: number[];
  callers: number;
  rounds: number;
  everyMs: number;
  withinMs: number;
  /** The key of the first round; each later round has the next one. */
  firstUserId: number;
}

const routes = ['/oidc/userinfo', '/device/verify', '/oauth/authorize'];

/** All callers of a round within a moment, then silence until the next round. */
export function roundSchedule({ callers, rounds, everyMs, withinMs }: Omit<CallersProfile, 'ports'>): Schedule {
  return {
    count: callers * rounds,
    dueMs: (index) => Math.floor(index / callers) * everyMs + ((index % callers) * withinMs) / callers,
  };
}

/** In each round all callers ask for the same user, who is in no cache yet; they are spread over the replicas. */
export async function runCallers(
  profile: CallersProfile,
  record: () => Recorder,
  stop: AbortSignal,
): Promise<LoadReport> {
  const { ports, callers, firstUserId } = profile;
  const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: null, pipelining: 1 }));
  const send = async (index: number, signal: AbortSignal): Promise<void> => {
    const userId = firstUserId + Math.floor(index / callers);
    const path = `${routes[index % routes.length]!}?userId=${userId}`;
    const { statusCode, body } = await pools[index % pools.length]!.request({ method: 'GET', path, signal });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  };
  try {
    // Every caller has a connection of its own before the first round; opening 500 at once would be another story.
    await Promise.all(
      Array.from({ length: callers }, async (_, index) => {
        const { body } = await pools[index % pools.length]!.request({ method: 'GET', path: '/health' });
        await body.dump();
      }),
    );
    return await openLoop({ schedule: roundSchedule(profile), send }, record(), stop);
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}
