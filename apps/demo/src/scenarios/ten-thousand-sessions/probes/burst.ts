import { Client } from 'undici';
import { addUp } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';
import { burst, rowNames } from '../plan.ts';
import { poolReleased } from '../app/parts.ts';
import { command, withWorkers } from '../workers.ts';

interface Burst {
  served: number;
  failed: number;
  /** The same with 15 connections that no turn holds while the language model thinks. */
  released: { served: number; failed: number } | undefined;
}

/** Turns that start together at one worker: 15 connections, 150 connections, and 15 that are given back in between. */
export const burstOfTurns: Part<Burst> = {
  name: 'turns at once',
  look: async ({ name, workers, place }) => {
    const shed = (): Promise<unknown> =>
      Promise.all(workers.replicas.map((worker) => command(worker, 'shedConnections')));
    await shed();
    const own = await takeTurns(workers.ports[0]!);
    await shed();
    const released =
      name === 'before' ? undefined : await withWorkers('released', 1, place, ({ ports: [port] }) => takeTurns(port!));
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

async function takeTurns(port: number): Promise<{ served: number; failed: number }> {
  const devices = Array.from({ length: burst }, () => new Client(`http://127.0.0.1:${port}`));
  const post = async (device: Client, path: string, number: number, body: object): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-sdk-token': `burst-${number}` };
    const answer = await device.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
    await answer.body.dump();
    return answer.statusCode;
  };
  try {
    const numbers = devices.map((_, index) => index + 1);
    await Promise.all(
      numbers.map((number) =>
        post(devices[number - 1]!, '/sessions', number, { appId: number % 20, deviceId: `device-${number}` }),
      ),
    );
    const codes = await Promise.all(numbers.map((number) => post(devices[number - 1]!, '/turns', number, {})));
    const { served = 0, failed = 0 } = addUp(codes.map((code) => (code === 200 ? { served: 1 } : { failed: 1 })));
    return { served, failed };
  } finally {
    await Promise.all(devices.map((device) => device.destroy()));
  }
}
