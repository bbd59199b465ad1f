import { setTimeout as delay } from 'node:timers/promises';
import type { Proxy } from '@corral-internal/faults';
import type { Stage } from '../../run/stage.ts';
import type { Chaos } from '../chaos.ts';
import { killPostgresListeners, killRedisListeners } from './staleness.ts';

interface Parts {
  bus: 'postgres' | 'redis';
  stage: Stage;
  chaos: Chaos;
}

/** Ends the connection that each replica listens on, from the server's side. */
export async function dropListeners({ bus, stage, chaos }: Parts): Promise<string> {
  const dropped = bus === 'redis' ? await killRedisListeners(stage) : await killPostgresListeners(stage);
  chaos.note(`${dropped} listeners dropped`);
  return `${dropped} listening connections ended; each replica reconnects and forgets what it may have missed`;
}

/** Longer than three heartbeats and a ping's deadline: every listener notices. Milliseconds. */
const silentMs = 8_000;
export const silentLabel = 'listeners silent';
/** While nothing is heard, a cache is cleared with each heartbeat (1 s) that did not come. */
export const silentHeartbeats = Math.ceil(silentMs / 1_000) + 1;

/** What the listeners get and send vanishes for a while, without FIN or RST. */
export const silenceListeners = (proxy: Proxy, chaos: Chaos): Promise<string> =>
  chaos.run(async (signal) => {
    proxy.blackhole();
    chaos.note(silentLabel);
    try {
      await delay(silentMs, undefined, { signal });
    } finally {
      await proxy.heal();
      chaos.note('listeners heard again');
    }
    return `the listeners were silent for ${silentMs / 1_000} s; meanwhile no replica trusted its cache beyond a heartbeat`;
  });

/** SIGKILL to what carries the messages, and up again. With Postgres that is also where the settings are. */
export function killBroker({ bus, stage, chaos }: Parts): Promise<string> {
  return chaos.run(async () => {
    const server = bus === 'redis' ? (await stage.redis()).own : stage.ownPostgres;
    const name = bus === 'redis' ? 'Redis' : 'Postgres';
    if (server === undefined) return `this ${name} was given to the demo: it is not ours to kill`;
    chaos.serverForgot ||= bus === 'postgres';
    const startMs = performance.now();
    await server.kill();
    chaos.note(`${name} killed`);
    await server.start();
    chaos.note(`${name} back`);
    return `${name} killed, and back after ${Math.round(performance.now() - startMs)} ms`;
  });
}
