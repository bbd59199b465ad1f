import { startRedis } from '@corral-internal/test-kit/servers';
import { expect, it } from 'vitest';
import { expectNothingUnnoticed, replicaFaults } from './faults.contract.ts';
import { slowReader, suffer } from './faults.ts';

replicaFaults('redis', () => startRedis());

it('a replica too slow for its output buffer is thrown out by Redis, notices it, and comes back', async () => {
  const server = await startRedis();
  try {
    const outcome = await suffer(slowReader, 'redis', server);
    expectNothingUnnoticed(outcome);
    expect(outcome.reports[2]!.stats.gaps.reconnect).toBeGreaterThanOrEqual(1);
  } finally {
    await server.close();
  }
});
