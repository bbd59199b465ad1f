import { setTimeout as wait } from 'node:timers/promises';
import { pause, resume, startProxy, type Proxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import type { PostgresServer, RedisServer } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { Fleet, type Losses, type ReplicaOptions, type Report } from './fleet.ts';

/** The stated bound to the letter: three heartbeats of 300 ms and the deadline of a ping, 600. */
export const DETECTED_MS = 3 * 300 + 600;

export type Broker = 'postgres' | 'redis';
export type BrokerServer = Pick<PostgresServer | RedisServer, 'url' | 'port' | 'kill' | 'start'>;

/** What a fault acts on. Whatever it opens here ends with the fault. */
export interface Stage {
  readonly server: BrokerServer;
  /** Three replicas; `first` is for the one that suffers. */
  start(first?: Partial<ReplicaOptions>): Promise<Fleet>;
  proxied(): Promise<{ proxy: Proxy; url: string }>;
  killListeners(): Promise<void>;
  /** How long the first replica took to doubt its connection. */
  noticed(ms: number): void;
}

/** Breaks something while the replicas publish, mends it, and answers with the fleet, which still writes. */
export type Fault = (stage: Stage) => Promise<Fleet>;

export const outage =
  (ms: number): Fault =>
  async ({ start, server }) => {
    const fleet = await start();
    fleet.write();
    await wait(300);
    await server.kill();
    await wait(ms);
    await server.start();
    return fleet;
  };

const blackHole =
  (leg: 'listener' | 'publisher' | 'both'): Fault =>
  async ({ start, proxied, server, noticed }) => {
    const { proxy, url } = await proxied();
    const fleet = await start({
      listenUrl: leg === 'publisher' ? server.url : url,
      publishUrl: leg === 'listener' ? server.url : url,
    });
    fleet.write();
    await wait(300);
    proxy.blackhole();
    const sinceMs = Date.now();
    await until(async () => (await fleet.suspectedAfter(0, sinceMs)) < Infinity, { label: 'replica 0 is suspect' });
    noticed(await fleet.suspectedAfter(0, sinceMs));
    await proxy.heal();
    return fleet;
  };

/** What three replicas live through over any broker. */
export const faults = {
  'connections killed three times': async ({ start, killListeners }) => {
    const fleet = await start();
    fleet.write();
    for (let i = 0; i < 3; i++) {
      await wait(400);
      await killListeners();
    }
    await wait(400);
    return fleet;
  },
  'restart, down 1 s': outage(1_000),
  'restart, down 6 s': outage(6_000),
  'black hole on the listener': blackHole('listener'),
  'black hole on the publisher': blackHole('publisher'),
  'black hole on both': blackHole('both'),
  'queue overflow': async ({ start, proxied }) => {
    const { proxy, url } = await proxied();
    const fleet = await start({ maxQueue: 50, listenUrl: url, publishUrl: url });
    proxy.blackhole();
    for (let i = 0; i < 1_000; i++) fleet.writeOne(undefined, 0);
    await wait(100);
    await proxy.heal();
    fleet.write();
    await wait(300);
    return fleet;
  },
  'process pause of 5 s': async ({ start }) => {
    const fleet = await start();
    fleet.write();
    await wait(300);
    pause(fleet.pid(1));
    await wait(5_000);
    resume(fleet.pid(1));
    return fleet;
  },
} satisfies Record<string, Fault>;

/** A replica too slow for its output buffer is thrown out, by Redis alone. */
export const slowReader: Fault = async ({ start, server }) => {
  const admin = new Redis(server.url);
  await admin.config('SET', 'client-output-buffer-limit', 'pubsub 262144 131072 1');
  const fleet = await start();
  pause(fleet.pid(2));
  fleet.write(200, 'x'.repeat(20_000));
  const listeners = async (): Promise<number> =>
    String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'))
      .trim()
      .split('\n').length;
  await until(async () => (await listeners()) < 3, { timeoutMs: 30_000, label: 'Redis throws the client out' });
  resume(fleet.pid(2));
  admin.disconnect();
  return fleet;
};

/** How a fault ended, after every replica was equal to the source. */
export interface Outcome extends Losses {
  readonly healedMs: number;
  readonly noticedMs: number | undefined;
  readonly reports: readonly Report[];
}

/** Runs `fault` to its end and waits until the replicas are equal to the source. */
export async function suffer(fault: Fault, broker: Broker, server: BrokerServer): Promise<Outcome> {
  const open: { close(): unknown }[] = [];
  const opened = <T extends { close(): unknown }>(one: T): T => {
    open.push(one);
    return one;
  };
  let noticedMs: number | undefined;
  try {
    const fleet = await fault({
      server,
      killListeners: () => killListeners[broker](server.url),
      noticed: (ms) => (noticedMs = ms),
      start: async (first = {}) => opened(await Fleet.start({ broker, listenUrl: server.url }, 3, first)),
      proxied: async () => {
        const proxy = opened(await startProxy({ port: server.port }));
        const url = new URL(server.url);
        url.port = String(proxy.port);
        return { proxy, url: url.href };
      },
    });
    const healedMs = await fleet.settle();
    return { healedMs, noticedMs, reports: await fleet.reports(), ...(await fleet.losses()) };
  } finally {
    for (const one of open) await one.close();
  }
}

const killListeners: Record<Broker, (url: string) => Promise<void>> = {
  redis: async (url) => {
    const client = new Redis(url);
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    client.disconnect();
  },
  postgres: async (url) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'corral-listen'`,
    );
    await client.end();
  },
};
