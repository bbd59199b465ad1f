import { Pool } from 'undici';
import { command } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';
import { pendingTools, rowNames } from '../plan.ts';
import { isSubscriber, listClients } from './redis-clients.ts';

interface Pending {
  /** Connections that subscribe, over all workers, as Redis lists them. */
  subscribers: number;
  delivered: number;
}

/** Tool calls that wait in one worker, while the results come in at another. */
export const pendingToolCalls: Part<Pending> = {
  name: 'pending tool calls',
  needsRedis: true,
  look: async ({ workers: { replicas, ports }, place: { redisUrl } }) => {
    const [waiting, port] = [replicas[0]!, ports.at(-1)!];
    const calls = await command<{ id: string; replyTo: string }[]>(waiting, 'expectTools', pendingTools);
    const subscribers = (await listClients(redisUrl!)).filter(isSubscriber).length;
    const device = new Pool(`http://127.0.0.1:${port}`, { connections: 20 });
    try {
      await Promise.all(calls.map((call) => deliver(device, call)));
      return { subscribers, delivered: await command<number>(waiting, 'toolResults') };
    } finally {
      await device.destroy();
    }
  },
  figures: ({ subscribers }) => ({ [rowNames.subscribers]: subscribers }),
  check: ({ after }) =>
    after && {
      name: 'every tool result finds the turn that waits for it',
      ok: after.delivered === pendingTools,
      detail: `${pendingTools} calls pending in one worker, results delivered at another: ${after.delivered} arrived, over ${after.subscribers} subscriber connections (CLIENT LIST)`,
    },
};

async function deliver(device: Pool, call: { id: string; replyTo: string }): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ ...call, result: 'done' });
  const answer = await device.request({ method: 'POST', path: '/tool-results', headers, body });
  await answer.body.dump();
}
