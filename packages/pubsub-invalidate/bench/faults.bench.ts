/** What three replica processes notice of each fault while 200 publishes a second go on. BROKER=postgres or redis, ONLY=words for a part. */
import { setTimeout as wait } from 'node:timers/promises';
import { pause, resume, startProxy, type Proxy } from '@corral-internal/faults';
import { report, type Figure } from '@corral-internal/bench-kit';
import { until } from '@corral-internal/test-kit';
import { startPostgres, startRedis } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { Fleet, HEALED_MS, type ReplicaOptions } from '../tests/fleet.ts';

const { BROKER = 'postgres redis', ONLY = '' } = process.env;
/** Three heartbeats of 300 ms and the deadline of a ping, 600: as in the integration tests. */
const DETECTED_MS = 3 * 300 + 600;
const figures: Figure[] = [];

interface Stage {
  readonly broker: 'postgres' | 'redis';
  readonly server: { url: string; port: number; kill(): Promise<void>; start(): Promise<void> };
  start(first?: Partial<ReplicaOptions>): Promise<Fleet>;
  proxied(): Promise<{ proxy: Proxy; url: string }>;
  killListeners(): Promise<void>;
  /** A row of its own beside the usual ones. */
  row(name: string, value: string, bound: string, ok: boolean): void;
}
type Fault = (stage: Stage) => Promise<Fleet>;

const outage =
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
  async ({ start, proxied, server, row }) => {
    const { proxy, url } = await proxied();
    const fleet = await start({
      listenUrl: leg === 'publisher' ? server.url : url,
      publishUrl: leg === 'listener' ? server.url : url,
    });
    fleet.write();
    await wait(500);
    proxy.blackhole();
    const sinceMs = Date.now();
    await until(async () => (await fleet.suspectedAfter(0, sinceMs)) < Infinity, { label: 'the replica doubts' });
    const ms = await fleet.suspectedAfter(0, sinceMs);
    row('noticed after', `${Math.round(ms)} ms`, `<= ${DETECTED_MS} ms`, ms <= DETECTED_MS);
    await proxy.heal();
    return fleet;
  };

const faults: Record<string, Fault> = {
  'connections killed three times': async ({ start, killListeners }) => {
    const fleet = await start();
    fleet.write();
    for (let i = 0; i < 3; i++) {
      await wait(400);
      await killListeners();
    }
    return fleet;
  },
  'restart, down 1 s': outage(1_000),
  'restart, down 6 s': outage(6_000),
  'outage of 30 s': outage(30_000),
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
};

/** Redis alone throws a slow reader out. */
const slowReader: Fault = async ({ start, server }) => {
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

async function killListeners(broker: Stage['broker'], url: string): Promise<void> {
  if (broker === 'redis') {
    const client = new Redis(url);
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    client.disconnect();
    return;
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'corral-listen'`);
  await client.end();
}

async function suffer(name: string, fault: Fault, broker: Stage['broker'], server: Stage['server']): Promise<void> {
  const open: { close(): unknown }[] = [];
  const row = (what: string, value: string, bound: string, ok: boolean): void => {
    figures.push({ name: `${broker}, ${name}: ${what}`, value, bound, ok });
    console.log(`${broker}, ${name}: ${what} ${value} (${bound}) ${ok ? 'ok' : 'NOT OK'}`);
  };
  const fleet = await fault({
    broker,
    server,
    row,
    killListeners: () => killListeners(broker, server.url),
    start: async (first = {}) => {
      const made = await Fleet.start({ broker, listenUrl: server.url }, 3, first);
      open.push(made);
      return made;
    },
    proxied: async () => {
      const proxy = await startProxy({ port: server.port });
      open.push(proxy);
      const url = new URL(server.url);
      url.port = String(proxy.port);
      return { proxy, url: url.href };
    },
  });
  const healedMs = await fleet.settle();
  const { lost, unnoticed, uncaught, exits } = await fleet.losses();
  row('lost unnoticed', `${unnoticed} of ${lost} lost`, '= 0', unnoticed === 0);
  row('equal to the source after', `${healedMs} ms`, `<= ${HEALED_MS} ms`, healedMs <= HEALED_MS);
  const died = uncaught.length + exits.length;
  row('uncaught errors, ended processes', String(died), '= 0', died === 0);
  for (const one of open) await one.close();
}

for (const broker of ['postgres', 'redis'] as const) {
  if (!BROKER.includes(broker)) continue;
  const server = await (broker === 'postgres' ? startPostgres() : startRedis());
  const list = Object.entries(broker === 'redis' ? { ...faults, 'output buffer': slowReader } : faults);
  for (const [name, fault] of list) if (name.includes(ONLY)) await suffer(name, fault, broker, server);
  await server.close();
}

const part = BROKER === 'postgres redis' ? '' : `-${BROKER}`;
report(import.meta.url, [], { file: `FAULTS${part}.md`, figures, versions: { ioredis: '6.0.0', pg: '8.23.1' } });
