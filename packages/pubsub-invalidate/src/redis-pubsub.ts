import type { OwnRedis } from './redis-client.ts';
import type { RedisLink } from './redis-link.ts';
import type { Session, SessionHandlers } from './transport.ts';

/** One connection, SUBSCRIBE on it. */
export async function openPubsub(link: RedisLink, handlers: SessionHandlers, signal: AbortSignal): Promise<Session> {
  const state = { open: true };
  const redis = await link.open(undefined, signal, (error) => end(state, handlers, error));
  redis.on('message', (channel: string, data: string) => {
    if (state.open) handlers.message(channel, data);
  });
  return {
    subscribe: async (channels) => {
      await redis.subscribe(...channels);
      return [];
    },
    unsubscribe: async (channels) => {
      await redis.unsubscribe(...channels);
    },
    ping: async () => {
      await redis.ping();
    },
    close: () => {
      state.open = false;
      redis.disconnect();
    },
  };
}

/**
 * SSUBSCRIBE: each channel lives on the shard that owns its slot, so a session is one connection for each slot in use.
 * One that ends, or whose slot moves away, ends the session: the next one asks for the owners anew.
 */
export async function openSharded(link: RedisLink, handlers: SessionHandlers): Promise<Session> {
  const state = { open: true };
  const connections = new Map<string, Promise<OwnRedis>>();
  const closing = new AbortController();
  const close = (): void => {
    state.open = false;
    closing.abort(new Error('the session is closed'));
    for (const connection of connections.values())
      connection.then(
        (redis) => redis.disconnect(),
        () => {},
      );
  };
  const lose = (error?: Error): void => {
    const wasOpen = state.open;
    close();
    if (wasOpen) handlers.closed(error);
  };
  const connect = async (channel: string): Promise<OwnRedis> => {
    const redis = await link.open(channel, closing.signal, lose);
    redis.on('smessage', (from: string, data: string) => {
      if (state.open) handlers.message(from, data);
    });
    redis.on('moved', () => lose(new Error(`the slot of ${channel} moved to another node`)));
    return redis;
  };
  return {
    subscribe: async (channels) => {
      const groups = await link.group(channels);
      await Promise.all(
        groups.map(async ([first, ...others]) => {
          // A channel that was left and is taken up again finds its connection: each one opened here is ended here.
          const connection = connections.get(first!) ?? connect(first!);
          connections.set(first!, connection);
          await (await connection).ssubscribe(first!, ...others);
        }),
      );
      return [];
    },
    unsubscribe: async (channels) => {
      for (const channel of channels) await (await connections.get(channel))?.sunsubscribe(channel);
    },
    ping: async () => {
      await Promise.all([...connections.values()].map(async (connection) => (await connection).ping()));
    },
    close,
  };
}

function end(state: { open: boolean }, handlers: SessionHandlers, error: Error | undefined): void {
  if (!state.open) return;
  state.open = false;
  handlers.closed(error);
}
