import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import { until } from '@corral-internal/test-kit';
import { Redis } from 'ioredis';
import { startFleet } from './fleet.ts';
import type { Shape, WorkerReport } from './protocol.ts';
import { latencies, quantile, summarize, type Summary } from './summary.ts';

/** What is done to Redis in the middle of the load, and what ends it. */
export interface Fault {
  readonly name: string;
  /** How long the fault lasts, milliseconds. */
  readonly lastsMs: number;
  strike(server: RedisServer): Promise<void>;
  heal(server: RedisServer): Promise<void>;
}

export interface FaultResult extends Summary {
  readonly fault: string;
  /** Latency of the checks that were sent during the fault, milliseconds. */
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Checks during the fault that took longer than 5 ms, of the worker that had the most. */
  readonly slowPerWorker: number;
  /** From the heal until the last worker asked Redis again, milliseconds. */
  readonly recoveredMs: number;
}

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const nothing = async (): Promise<void> => {};

async function command(server: RedisServer, ...words: [string, ...string[]]): Promise<void> {
  const client = new Redis(server.url, { connectTimeout: 2_000 });
  client.on('error', () => {});
  try {
    await client.call(...words);
  } catch (error) {
    // CLIENT KILL may hit the one who says it.
    if (words[0] !== 'CLIENT') throw error;
  } finally {
    client.disconnect();
  }
}

const repeat = async (times: number, everyMs: number, work: () => Promise<void>): Promise<void> => {
  for (let time = 0; time < times; time++) {
    await work();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
};

export const faults: readonly Fault[] = [
  {
    name: 'kill -9, down for 3 s',
    lastsMs: 3_000,
    strike: (server) => server.kill(),
    heal: (server) => server.start(),
  },
  {
    name: 'SIGSTOP for 5 s',
    lastsMs: 5_000,
    strike: async (server) => server.pause(),
    heal: async (server) => server.resume(),
  },
  {
    name: 'restart empty, mid-window',
    lastsMs: 0,
    async strike(server) {
      await server.kill();
      await server.start();
    },
    heal: nothing,
  },
  {
    name: 'SCRIPT FLUSH ten times',
    lastsMs: 0,
    strike: (server) => repeat(10, 100, () => command(server, 'SCRIPT', 'FLUSH')),
    heal: nothing,
  },
  { name: 'FLUSHALL', lastsMs: 0, strike: (server) => command(server, 'FLUSHALL'), heal: nothing },
  {
    name: 'CLIENT KILL',
    lastsMs: 0,
    strike: (server) => command(server, 'CLIENT', 'KILL', 'TYPE', 'normal'),
    heal: nothing,
  },
  {
    name: 'READONLY for 2 s (failover)',
    lastsMs: 2_000,
    strike: (server) => command(server, 'REPLICAOF', '127.0.0.1', '1'),
    heal: (server) => command(server, 'REPLICAOF', 'NO', 'ONE'),
  },
];

export interface FaultSettings {
  readonly limit: number;
  readonly windowMs: number;
  readonly timeoutMs: number;
  readonly workers?: number;
  readonly shapeOf?: (worker: number) => Shape;
}

/** Runs the load of a fleet over a Redis of its own, with one fault in its middle. */
export async function runFault(fault: Fault, settings: FaultSettings): Promise<FaultResult> {
  const { limit, windowMs, timeoutMs, workers = 4, shapeOf = () => ({ kind: 'steady', perSecond: 100 }) } = settings;
  const server = await startRedis();
  const fleet = await startFleet({
    size: workers,
    url: server.url,
    prefix: 'fault',
    rule: { limit, windowMs },
    workers,
    timeoutMs,
  });
  const beforeMs = 1_700;
  const afterMs = 2_700;
  try {
    const load = fleet.load(beforeMs + fault.lastsMs + afterMs, shapeOf);
    await new Promise((resolve) => setTimeout(resolve, beforeMs));
    const struckMs = nowMs();
    await fault.strike(server);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, struckMs + fault.lastsMs - nowMs())));
    const healStartMs = nowMs();
    await fault.heal(server);
    const healedMs = fault.heal === nothing ? nowMs() : Math.max(healStartMs, nowMs());
    const reports = await load;
    await until(async () => (await fleet.states()).every((state) => state === 'shared'), {
      label: 'all workers share again',
    });
    return result(fault, reports, settings, struckMs, healedMs);
  } finally {
    await fleet.close();
    await server.close();
  }
}

function result(
  fault: Fault,
  reports: WorkerReport[],
  { limit, windowMs }: FaultSettings,
  struckMs: number,
  healedMs: number,
): FaultResult {
  const during = latencies(reports, struckMs, Math.max(healedMs, struckMs + 200));
  const slow = reports.map(
    (report) => latencies([report], struckMs, Math.max(healedMs, struckMs + 200)).filter((ms) => ms > 5).length,
  );
  const recovered = reports.map(({ checks }) => {
    const after = checks.filter(
      ({ sentMs, source }) => sentMs >= healedMs && (source === 'redis' || source === 'cache'),
    );
    return Math.min(...after.map(({ sentMs }) => sentMs)) - healedMs;
  });
  return {
    fault: fault.name,
    ...summarize(reports, limit, windowMs),
    p99Ms: quantile(during, 0.99),
    maxMs: during.at(-1) ?? 0,
    slowPerWorker: Math.max(...slow),
    recoveredMs: Math.max(...recovered),
  };
}
