import { command } from '../../../run/replicas.ts';
import { poolReleased } from '../app/parts.ts';
import type { Part } from '../part.ts';
import { burst, rowNames } from '../plan.ts';
import { withWorkers } from '../workers.ts';
import { turnsAtOnce, type Turns } from './devices.ts';

interface Burst extends Turns {
  /** The same with 15 connections that no turn holds while the language model thinks. */
  released: Turns | undefined;
}

/** Turns that start together at one worker: 15 connections, 150 connections, and 15 that are given back in between. */
export const burstOfTurns: Part<Burst> = {
  name: 'turns at once',
  look: async ({ name, workers, place }) => {
    const shed = (): Promise<unknown> =>
      Promise.all(workers.replicas.map((worker) => command(worker, 'shedConnections')));
    await shed();
    const own = await turnsAtOnce(workers.ports[0]!, burst, place.load);
    await shed();
    if (name === 'before') return { ...own, released: undefined };
    const released = await withWorkers('released', 1, place, ({ ports: [port] }) =>
      turnsAtOnce(port!, burst, place.load),
    );
    return { ...own, released };
  },
  figures: ({ failed }) => ({ [rowNames.burst]: failed }),
  check: ({ after }) =>
    after?.released && {
      name: 'a turn need not hold a connection while the language model thinks',
      ok: after.released.failed === 0,
      detail: `${burst} turns at once with ${poolReleased.size + poolReleased.overflow} connections, taken for each statement: ${after.released.served} served, ${after.released.failed} failed`,
    },
};
