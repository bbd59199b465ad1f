import { setTimeout as wait } from 'node:timers/promises';
import { pause, resume, startProxy, type Proxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import type { PostgresServer, RedisServer } from '@corral-internal/test-kit/servers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fleet, type ReplicaOptions } from './fleet.ts';

/** The stated bound to the letter: three heartbeats of 300 ms and the deadline of a ping, 600. */
const DETECTED_MS = 3 * 300 + 600;

type Broker = Pick<PostgresServer | RedisServer, 'url' | 'port' | 'kill' | 'start' | 'close'>;

const through = (url: string, proxy: Proxy): string => {
  const own = new URL(url);
  own.port = String(proxy.port);
  return own.href;
};

/** A fault is over when nothing was lost unnoticed, all are equal to the source, all processes live and none has thrown. */
export async function expectNothingUnnoticed(fleet: Fleet): Promise<void> {
  await fleet.settle();
  const { unnoticed, uncaught, exits, lost, reasons } = await fleet.losses();
  expect({ unnoticed, uncaught, exits }, `lost ${lost}, gaps ${JSON.stringify(reasons)}`).toEqual({
    unnoticed: 0,
    uncaught: [],
    exits: [],
  });
}

/** The faults that three replicas live through while 200 publishes a second go on; `killListeners` ends their sessions on the server. */
export function replicaFaults(
  broker: 'postgres' | 'redis',
  startBroker: () => Promise<Broker>,
  killListeners: (url: string) => Promise<void>,
): void {
  describe(`three replicas over ${broker}`, () => {
    let server: Broker;
    const open: { close(): unknown }[] = [];
    const start = async (
      options: Partial<ReplicaOptions> = {},
      first: Partial<ReplicaOptions> = {},
    ): Promise<Fleet> => {
      const fleet = await Fleet.start({ broker, listenUrl: server.url, ...options }, 3, first);
      open.push(fleet);
      return fleet;
    };
    const proxied = async (): Promise<{ proxy: Proxy; url: string }> => {
      const proxy = await startProxy({ port: server.port });
      open.push(proxy);
      return { proxy, url: through(server.url, proxy) };
    };
    beforeAll(async () => {
      server = await startBroker();
    });
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
    });
    afterAll(() => server.close());

    it('lose nothing unnoticed when listeners are killed, again and again', async () => {
      const fleet = await start();
      fleet.write();
      for (let i = 0; i < 3; i++) {
        await wait(400);
        await killListeners(server.url);
      }
      await wait(400);
      await expectNothingUnnoticed(fleet);
    });

    it.each([1_000, 6_000])('lose nothing unnoticed when the server is gone for %d ms', async (ms) => {
      const fleet = await start();
      fleet.write();
      await wait(300);
      await server.kill();
      await wait(ms);
      await server.start();
      await expectNothingUnnoticed(fleet);
    });

    // Longer than any back-off, and than `publishRetryMs`; one of 30 s is in bench/faults.bench.ts.
    it('come back after an outage that outlasts every deadline, and never give up', async () => {
      const fleet = await start();
      fleet.write();
      await server.kill();
      await wait(12_000);
      await server.start();
      await expectNothingUnnoticed(fleet);
    });

    it.each(['listener', 'publisher', 'both'] as const)(
      'notice a black hole on the %s in time, without a reset',
      async (leg) => {
        const { proxy, url } = await proxied();
        const legs = {
          listener: { listenUrl: url, publishUrl: server.url },
          publisher: { listenUrl: server.url, publishUrl: url },
          both: { listenUrl: url, publishUrl: url },
        };
        const fleet = await start({}, legs[leg]);
        fleet.write();
        await wait(300);
        proxy.blackhole();
        const sinceMs = Date.now();
        await until(async () => (await fleet.suspectedAfter(0, sinceMs)) < Infinity, { label: 'replica 0 is suspect' });
        expect(await fleet.suspectedAfter(0, sinceMs)).toBeLessThanOrEqual(DETECTED_MS);
        await proxy.heal();
        await expectNothingUnnoticed(fleet);
        expect((await fleet.reports())[0]!.health.state).toBe('live');
      },
    );

    it('collapse to one gap when the queue overflows, and go on in order', async () => {
      const { proxy, url } = await proxied();
      const fleet = await start({}, { maxQueue: 50, listenUrl: url, publishUrl: url });
      proxy.blackhole();
      for (let i = 0; i < 1_000; i++) fleet.writeOne(undefined, 0);
      await wait(100);
      await proxy.heal();
      fleet.write();
      await wait(300);
      await expectNothingUnnoticed(fleet);
      const reports = await fleet.reports();
      for (const { gaps } of reports)
        expect(gaps.filter(({ reason }) => reason === 'overflow').length).toBeGreaterThanOrEqual(1);
    });

    it('lose nothing unnoticed when a process stands still for 5 s', async () => {
      const fleet = await start();
      fleet.write();
      await wait(300);
      pause(fleet.pid(1));
      await wait(5_000);
      resume(fleet.pid(1));
      await expectNothingUnnoticed(fleet);
    });
  });
}
