import { setTimeout as delay } from 'node:timers/promises';
import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import type { Answer, FloodProfile, FloodReport } from '../../../../load/flood.ts';
import { startChild, type Child } from '../../../run/child.ts';
import { tokenRule } from '../app/limits.ts';
import type { Part } from '../part.ts';
import { workersOf } from '../plan.ts';
import { countBetween, slowerThan, worstWindow } from '../windows.ts';
import { withWorkers } from '../workers.ts';

/** Five times the limit, as an SDK in a loop would. */
const perSecond = 200;
/** Few enough that the client's own queue is the only thing that makes them wait. */
const naivePerSecond = 40;

interface Flood {
  worst: number;
  /** The worst window before Redis was killed. */
  worstHealthy: number;
  slow: number;
  failed: number;
  said: string;
}

/**
 * One token floods four workers while Redis is killed and comes back empty. Before, each process has a count of its own,
 * and what one writes over Redis instead waits for it; after, the workers share one count. A Redis of its own dies here.
 */
export const floodedLimit: Part<Flood> = {
  name: 'the rate limit',
  needsRedis: true,
  look: async ({ name, place }) => {
    const redis = await startRedis();
    const over = new AbortController();
    let driver: Child | undefined;
    try {
      const load = (driver = startChild('load/main.ts'));
      const flood: Flooding = {
        ask: (profile) => load.ask('flood', profile),
        killRedis: (afterMs, awayMs) => killRedis(redis, afterMs, awayMs, over.signal),
      };
      return await withWorkers(name, workersOf.after, { ...place, redisUrl: redis.url }, ({ ports }) =>
        name === 'before' ? floodBefore(flood, ports) : floodAfter(flood, ports),
      );
    } finally {
      over.abort();
      await driver?.close();
      await redis.close();
    }
  },
  figures: ({ worst, slow }) => ({ 'admitted in the worst window': worst, 'waited over 1 s for the limiter': slow }),
  check: ({ before, after }) =>
    after && {
      name: 'the limit holds over four workers while Redis is killed and comes back',
      // A limiter that lets nobody in would keep every bound.
      ok: after.worstHealthy > 0 && after.worstHealthy <= tokenRule.limit && after.failed === 0,
      detail: `${before === undefined ? '' : `before: ${before.said}; `}after: ${after.said}`,
    },
};

interface Flooding {
  ask(profile: FloodProfile): Promise<FloodReport>;
  killRedis(afterMs: number, awayMs: number): Promise<{ killedAtMs: number; backAtMs: number }>;
}

async function floodBefore({ ask, killRedis: kill }: Flooding, ports: number[]): Promise<Flood> {
  const durationMs = 5_000;
  const flood = { ports, token: 'flood', durationMs };
  const [own, naive] = await Promise.all([
    ask({ ...flood, path: '/sdk/models', perSecond }),
    ask({ ...flood, path: '/sdk/naive', perSecond: naivePerSecond }),
    kill(500, 3_000),
  ]);
  const worst = worstWindow(own.answers, tokenRule.windowMs);
  const slow = slowerThan(naive.answers, 1_000) + naive.errors;
  const slowestMs = slowest(naive.answers);
  return {
    worst,
    worstHealthy: worst,
    slow,
    failed: own.errors,
    said: `${worst} in the worst window of one count for each process; over Redis with the client's settings ${slow} of ${naive.answers.length + naive.errors} waited over 1 s or failed, up to ${(slowestMs / 1_000).toFixed(1)} s`,
  };
}

async function floodAfter({ ask, killRedis: kill }: Flooding, ports: number[]): Promise<Flood> {
  const profile = { ports, path: '/sdk/models', token: 'flood', perSecond, durationMs: 10_500 };
  const [{ answers, errors }, { killedAtMs, backAtMs }] = await Promise.all([ask(profile), kill(3_300, 3_300)]);
  const healthy = answers.filter(({ answeredMs }) => answeredMs < killedAtMs);
  const [worst, worstHealthy] = [worstWindow(answers, tokenRule.windowMs), worstWindow(healthy, tokenRule.windowMs)];
  const slowestMs = slowest(answers);
  const spans = [
    ['with Redis', 0, killedAtMs],
    ['while it was dead', killedAtMs, backAtMs],
    ['after it came back', backAtMs, Infinity],
  ] as const;
  const counts = spans.map(([label, fromMs, toMs]) => {
    const { sent, admitted } = countBetween(answers, fromMs, toMs);
    return `${admitted} of ${sent} admitted ${label}`;
  });
  return {
    worst,
    worstHealthy,
    slow: slowerThan(answers, 1_000),
    failed: errors,
    said: `${counts.join(', ')}; worst window ${worst} of ${tokenRule.limit}, with Redis ${worstHealthy}; slowest answer ${Math.round(slowestMs)} ms`,
  };
}

/** SIGKILL under load; it comes back empty on the same port. */
async function killRedis(
  redis: RedisServer,
  afterMs: number,
  awayMs: number,
  signal: AbortSignal,
): Promise<{ killedAtMs: number; backAtMs: number }> {
  await delay(afterMs, undefined, { signal });
  const killedAtMs = now();
  await redis.kill();
  await delay(awayMs, undefined, { signal });
  await redis.start();
  return { killedAtMs, backAtMs: now() };
}

const now = (): number => performance.timeOrigin + performance.now();
const slowest = (answers: readonly Answer[]): number =>
  answers.reduce((most, { sentMs, answeredMs }) => Math.max(most, answeredMs - sentMs), 0);
