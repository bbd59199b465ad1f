import { setTimeout as delay } from 'node:timers/promises';
import type { Switch, ThrowSwitch } from '../../run/live.ts';
import type { StageRedis } from '../../run/stage-redis.ts';
import type { Chaos } from '../chaos.ts';

/** How long Redis is dead, milliseconds: about one cold key. */
const awayMs = 3_000;

export const killRedis: Switch = {
  id: 'kill-redis',
  label: 'Kill Redis',
  detail: `SIGKILL; it comes back empty after ${awayMs / 1_000} s. Meanwhile each process asks the database for itself, and nobody gets an error.`,
};

/** Nothing to throw when the Redis is somebody's own. */
export function killRedisSwitch({ own }: StageRedis, chaos: Chaos): Record<string, ThrowSwitch> {
  if (own === undefined) return {};
  const run = async (signal: AbortSignal): Promise<string> => {
    await own.kill();
    chaos.note('Redis killed');
    try {
      await delay(awayMs, undefined, { signal });
    } finally {
      await own.start();
      chaos.note('Redis back, empty');
    }
    return `Redis was dead for ${awayMs / 1_000} s`;
  };
  return { [killRedis.id]: () => chaos.run(run) };
}
