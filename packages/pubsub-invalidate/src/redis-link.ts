import { OnAbort } from './deadline.ts';
import { OwnConnection } from './own-connection.ts';
import {
  duplicateCluster,
  duplicateSingle,
  openRedis,
  type OwnCluster,
  type OwnRedis,
  type RedisClient,
} from './redis-client.ts';
import { anyNode, ownerOf, slotOf } from './redis-slots.ts';

type Command = readonly (string | number)[];

/** Our own way to a Redis or a cluster: where to subscribe, and one connection for all that is not subscribing. */
export interface RedisLink {
  /** Opens a connection to the server that has this channel; `undefined`: any server. */
  open(channel: string | undefined, signal: AbortSignal, onGone: (error?: Error) => void): Promise<OwnRedis>;
  /** Groups channels that one connection can serve. */
  group(channels: readonly string[]): Promise<readonly (readonly string[])[]>;
  /** Runs commands in order and answers their results; rejects with the first error. `signal` aborts only while they run. */
  run(commands: readonly Command[], signal: AbortSignal): Promise<unknown[]>;
  /** Lets go of the connection behind `run`. */
  drop(): void;
}

export function linkTo(client: RedisClient): RedisLink {
  return client.isCluster ? clusterLink(client) : singleLink(client);
}

function singleLink(client: RedisClient): RedisLink {
  const own = new OwnConnection<OwnRedis>(
    (signal, onGone) => openRedis(duplicateSingle(client), signal, onGone),
    (redis) => redis.disconnect(),
  );
  const drop = (): void => own.drop();
  const onAbort = new OnAbort(drop);
  return {
    open: (_channel, signal, onGone) => openRedis(duplicateSingle(client), signal, onGone),
    group: async (channels) => [channels],
    run: async (commands, signal) => {
      const redis = await own.get(signal);
      onAbort.watch(signal);
      return guarded(drop, () => runOn(redis, commands));
    },
    drop,
  };
}

/** PUBLISH goes through one node, so that its order holds; all other commands go to the owner of their slot. */
function clusterLink(client: RedisClient): RedisLink {
  const own = new OwnConnection<OwnCluster>(
    (signal, onGone) => openRedis(duplicateCluster(client), signal, onGone),
    (cluster) => cluster.disconnect(),
  );
  const node = new OwnConnection<OwnRedis>(
    async (signal, onGone) => openRedis(duplicateSingle(anyNode(await own.get(signal))), signal, onGone),
    (redis) => redis.disconnect(),
  );
  const drop = (): void => {
    own.drop();
    node.drop();
  };
  const onAbort = new OnAbort(drop);
  return {
    open: async (channel, signal, onGone) => {
      const cluster = await own.get(signal);
      const target = channel === undefined ? anyNode(cluster) : await ownerOf(cluster, slotOf(channel));
      return openRedis(duplicateSingle(target), signal, onGone);
    },
    group: async (channels) => groupBySlot(channels),
    run: async (commands, signal) => {
      if (commands.every(([name]) => name === 'publish')) {
        const redis = await node.get(signal);
        onAbort.watch(signal);
        return guarded(drop, () => runOn(redis, commands));
      }
      const cluster = await own.get(signal);
      onAbort.watch(signal);
      return guarded(drop, () =>
        Promise.all(commands.map(([name, ...values]) => cluster.call(String(name), ...values))),
      );
    },
    drop,
  };
}

function groupBySlot(channels: readonly string[]): string[][] {
  const groups = new Map<number, string[]>();
  for (const channel of channels) {
    const slot = slotOf(channel);
    groups.set(slot, [...(groups.get(slot) ?? []), channel]);
  }
  return [...groups.values()];
}

async function runOn(redis: OwnRedis, commands: readonly Command[]): Promise<unknown[]> {
  const [first] = commands;
  if (commands.length === 1 && first) return [await redis.call(String(first[0]), ...first.slice(1))];
  const replies = (await redis.pipeline(commands).exec()) ?? [];
  return replies.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

/** A connection that fails in a way that is not the server's answer is not used again. */
async function guarded(drop: () => void, work: () => Promise<unknown[]>): Promise<unknown[]> {
  try {
    return await work();
  } catch (error) {
    drop();
    throw error;
  }
}
