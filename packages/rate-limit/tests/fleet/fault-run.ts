import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import { until } from '@corral-internal/test-kit';
import { Redis } from 'ioredis';
import { startFleet } from './fleet.ts';
import type { Contender, Shape, WorkerReport } from './protocol.ts';
import { latencies, summarize, type Summary } from './summary.ts';

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
  /** Latencies of the checks that were sent during the fault, and at least in its first second; ascending milliseconds. */
  readonly latenciesMs: readonly number[];
  /** Batches of one worker that Redis did not answer in time; of the worker that had the most. */
  readonly timeouts: number;
  /** Checks that waited for Redis (more than half of `timeoutMs`) although their worker's first deadline had passed before. */
  readonly waitedAgain: number;
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

/** The faults, each as long as the caller can wait: `long` is what is promised, the short ones fit into a test run. */
export const faultsOf = (long: boolean): readonly Fault[] => [
  {
    name: 'kill -9',
    lastsMs: long ? 5_000 : 900,
    strike: (server) => server.kill(),
    heal: (server) => server.start(),
  },
  {
    name: 'SIGSTOP',
    lastsMs: long ? 5_000 : 1_500,
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
    strike: (server) => repeat(10, 50, () => command(server, 'SCRIPT', 'FLUSH')),
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
    name: 'READONLY (failover)',
    lastsMs: long ? 2_000 : 700,
    strike: (server) => command(server, 'REPLICAOF', '127.0.0.1', '1'),
    heal: (server) => command(server, 'REPLICAOF', 'NO', 'ONE'),
  },
];

export interface FaultSettings {
  readonly limit: number;
  readonly windowMs: number;
  readonly timeoutMs: number;
  readonly workers: number;
}

/** What every worker sends on a key of its own. */
export interface Load {
  shapeOf(worker: number): Shape;
  /** Default `corral`. */
  limiter?: Contender;
}

/** A fleet over a Redis of its own, to which faults happen one after the other. */
export interface FaultBench {
  /** Runs a load on each key, with one fault in the middle; results in the order of the shapes. */
  run(fault: Fault, loads: readonly Load[]): Promise<FaultResult[]>;
  /** Connects the peer of the benches in every worker. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

const BEFORE_MS = 1_100;
const AFTER_MS = 1_500;

export async function openFaultBench(settings: FaultSettings): Promise<FaultBench> {
  const { limit, windowMs, timeoutMs, workers } = settings;
  const server = await startRedis();
  const fleet = await startFleet({
    size: workers,
    url: server.url,
    prefix: 'fault',
    rule: { limit, windowMs },
    workers,
    timeoutMs,
  });
  let serial = 0;
  return {
    async run(fault, loads) {
      const durationMs = BEFORE_MS + fault.lastsMs + AFTER_MS;
      const running = Promise.all(
        loads.map(({ shapeOf, limiter }) => fleet.load(durationMs, shapeOf, `key-${serial++}`, limiter)),
      );
      await new Promise((resolve) => setTimeout(resolve, BEFORE_MS));
      const struckMs = nowMs();
      await fault.strike(server);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, struckMs + fault.lastsMs - nowMs())));
      await fault.heal(server);
      const healedMs = nowMs();
      const reports = await running;
      await until(async () => (await fleet.states()).every((state) => state === 'shared'), {
        label: 'all workers share again',
      });
      return reports.map((report) => result(fault, report, settings, struckMs, healedMs));
    },
    async warmUp() {
      await fleet.load(200, () => ({ kind: 'steady', perSecond: 10 }), 'warm', 'peer');
    },
    async close() {
      await fleet.close();
      await server.close();
    },
  };
}

function result(
  fault: Fault,
  reports: WorkerReport[],
  { limit, windowMs, timeoutMs }: FaultSettings,
  struckMs: number,
  healedMs: number,
): FaultResult {
  const endMs = Math.max(healedMs, struckMs + 1_000);
  const waitedAgain = reports.map(({ checks }) => {
    // A check that waits for a silent Redis takes timeoutMs; a stall of the machine takes a few milliseconds.
    const waited = checks.filter(
      ({ sentMs, repliedMs }) => sentMs >= struckMs && sentMs < endMs && repliedMs - sentMs > timeoutMs / 2,
    );
    const deadlineMs = Math.min(...waited.map(({ repliedMs }) => repliedMs));
    return waited.filter(({ sentMs }) => sentMs > deadlineMs).length;
  });
  const recovered = reports.map(({ checks }) => {
    const after = checks.filter(
      ({ sentMs, source }) => sentMs >= healedMs && (source === 'redis' || source === 'cache'),
    );
    return Math.min(...after.map(({ sentMs }) => sentMs)) - healedMs;
  });
  return {
    fault: fault.name,
    ...summarize(reports, limit, windowMs),
    latenciesMs: latencies(reports, struckMs, endMs),
    timeouts: Math.max(...reports.map(({ timeouts }) => timeouts)),
    waitedAgain: waitedAgain.reduce((sum, count) => sum + count, 0),
    recoveredMs: Math.max(...recovered),
  };
}
