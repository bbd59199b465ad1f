import { until } from '@corral-internal/test-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { request } from 'undici';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { withReplicas } from './callers.ts';
import { redisTimeoutMs } from './replica.ts';

const keys = 20;
const replicas = 2;

interface Lookup {
  queries: number;
  failed: number;
  slowestMs: number;
}

/** Redis is killed, comes back empty, and stops answering: misses, not errors. A Redis of its own, since it dies here. */
export async function checkRedisOutage({ databaseUrl, serverCounts }: Stage): Promise<Check> {
  const redis = await startRedis();
  try {
    return await withReplicas('after', { replicas, databaseUrl, redisUrl: redis.url }, async ({ ports }) => {
      let nextId = 1;
      /** Every replica is asked for users that no cache holds, all at once. */
      const lookUp = async (count: number): Promise<Lookup> => {
        await serverCounts.reset();
        const ids = Array.from({ length: count }, () => nextId++);
        const answers = await Promise.all(ids.flatMap((id) => ports.map((port) => lookUpUser(port, id))));
        const queries = (await serverCounts.read())['GetUserByID'] ?? 0;
        const failed = answers.filter(({ ok }) => !ok).length;
        return { queries, failed, slowestMs: Math.round(Math.max(...answers.map(({ ms }) => ms))) };
      };
      const isShared = async (): Promise<boolean> => (await lookUp(1)).queries === 1;

      await until(isShared, { timeoutMs: 20_000, label: 'the replicas share loads' });
      const healthy = await lookUp(keys);
      await redis.kill();
      const killed = await lookUp(keys);
      await redis.start();
      await until(isShared, { timeoutMs: 20_000, label: 'the replicas share loads again after the restart' });
      const back = await lookUp(keys);
      redis.pause();
      const silent = await lookUp(keys);
      redis.resume();
      await until(isShared, { timeoutMs: 20_000, label: 'the replicas share loads again after the freeze' });

      const all = [healthy, killed, back, silent];
      const most = keys * replicas;
      return {
        name: 'a Redis outage is misses, not errors',
        ok:
          all.every(({ failed }) => failed === 0) &&
          healthy.queries === keys &&
          all.every(({ queries }) => queries <= most),
        detail: [
          `${keys} cold keys asked by ${replicas} replicas: ${said(healthy)} with Redis`,
          `${said(killed)} after SIGKILL`,
          `${said(back)} after its return, empty`,
          `${said(silent)} while it is frozen (it is given ${redisTimeoutMs} ms)`,
        ].join('; '),
      };
    });
  } finally {
    await redis.close();
  }
}

const said = ({ queries, failed, slowestMs }: Lookup): string =>
  `${queries} queries, ${failed} failed, slowest ${slowestMs} ms`;

async function lookUpUser(port: number, id: number): Promise<{ ok: boolean; ms: number }> {
  const startMs = performance.now();
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/oidc/userinfo?userId=${id}`);
  await body.dump();
  return { ok: statusCode === 200, ms: performance.now() - startMs };
}
