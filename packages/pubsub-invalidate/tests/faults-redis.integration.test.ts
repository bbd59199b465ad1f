import { pause, resume } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { expectNothingUnnoticed, replicaFaults } from './faults.ts';
import { Fleet } from './fleet.ts';

async function killRedisListeners(url: string): Promise<void> {
  const client = new Redis(url);
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  client.disconnect();
}

replicaFaults('redis', () => startRedis(), killRedisListeners);

it('a replica too slow for its output buffer is thrown out by Redis, notices it, and comes back', async () => {
  const server = await startRedis({ args: ['--client-output-buffer-limit', 'pubsub', '256kb', '128kb', '1'] });
  const fleet = await Fleet.start({ broker: 'redis', listenUrl: server.url });
  try {
    const admin = new Redis(server.url);
    pause(fleet.pid(2));
    fleet.write(200, 'x'.repeat(20_000));
    const listeners = async (): Promise<number> =>
      String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'))
        .trim()
        .split('\n').length;
    await until(async () => (await listeners()) < 3, { timeoutMs: 30_000, label: 'Redis throws the client out' });
    resume(fleet.pid(2));
    admin.disconnect();
    await expectNothingUnnoticed(fleet);
    expect((await fleet.reports())[2]!.stats.gaps.reconnect).toBeGreaterThanOrEqual(1);
  } finally {
    await fleet.close();
    await server.close();
  }
});
