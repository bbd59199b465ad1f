import { command } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';
import { workersOf } from '../plan.ts';
import { withWorkers } from '../workers.ts';
import { turnsAtOnce } from './devices.ts';

interface StartUp {
  warning: string | undefined;
  served: number;
}

/** A worker starts without Redis: does it say so, and does it work? */
export const startWithoutRedis: Part<StartUp> = {
  name: 'a start without Redis',
  look: ({ name, place }) =>
    withWorkers(name, 1, { ...place, redisUrl: undefined }, async ({ replicas: [worker], ports: [port] }) => {
      const lines = await command<string[]>(worker!, 'journal');
      const { served } = await turnsAtOnce(port!, 1, place.load);
      return { warning: lines.find((line) => line.includes('Redis')), served };
    }),
  check: ({ before, after }) =>
    after && {
      name: 'a start without Redis warns that in-memory fallbacks are active',
      ok: after.warning?.includes('in-memory fallbacks are active') === true && after.served === 1,
      detail: `${before === undefined ? '' : `before: ${before.warning ?? 'silent'}; `}after: "${after.warning ?? 'silent'}", and a turn is ${after.served === 1 ? 'served' : 'NOT served'}; ${workersOf.after} such workers would each take their share of the limit`,
    },
};
