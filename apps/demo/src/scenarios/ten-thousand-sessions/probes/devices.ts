import { Client } from 'undici';
import type { Load } from '../plan.ts';

/** A device with a session of its own at one worker. */
interface Device {
  /** One turn; resolves with the status of the answer. */
  turn(body?: { fail?: boolean }): Promise<number>;
}

export interface Turns {
  served: number;
  failed: number;
}

/** Devices with open sessions, for as long as `use` takes. */
async function withDevices<T>(
  port: number,
  count: number,
  { apps }: Pick<Load, 'apps'>,
  use: (devices: Device[]) => Promise<T>,
): Promise<T> {
  const clients = Array.from({ length: count }, () => new Client(`http://127.0.0.1:${port}`));
  const post = async (index: number, path: string, body: object): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-sdk-token': `probe-${index}` };
    const answer = await clients[index]!.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
    await answer.body.dump();
    return answer.statusCode;
  };
  try {
    await Promise.all(
      clients.map((_, index) =>
        post(index, '/sessions', { appId: (index + 1) % apps, deviceId: `device-${index + 1}` }),
      ),
    );
    return await use(clients.map((_, index) => ({ turn: (body = {}) => post(index, '/turns', body) })));
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

/** So many turns that start together, each of another device. */
export const turnsAtOnce = (
  port: number,
  count: number,
  load: Pick<Load, 'apps'>,
  body?: { fail?: boolean },
): Promise<Turns> =>
  withDevices(port, count, load, async (devices) => {
    const codes = await Promise.all(devices.map((device) => device.turn(body)));
    const served = codes.filter((code) => code === 200).length;
    return { served, failed: count - served };
  });
