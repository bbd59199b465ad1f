import { checkOneOf } from './check.ts';
import type { RedisClient } from './redis-client.ts';
import { linkTo, type RedisLink } from './redis-link.ts';
import { openPubsub, openSharded } from './redis-pubsub.ts';
import { StreamReader } from './redis-stream.ts';
import type { OutgoingMessage, Transport } from './transport.ts';

/** For `redisTransport`. */
export interface RedisTransportOptions {
  /** A `Redis` or `Cluster` of ioredis 5 or 6. It is duplicated (one connection to listen, one to publish) and never closed. */
  readonly client: RedisClient;
  /**
   * `pubsub` (default). `sharded`: SSUBSCRIBE, Redis 7, for clusters: no broadcast over the cluster bus. `stream`: XADD and XREAD,
   * what was sent during a reconnect is read afterwards, so that a short outage is no gap.
   */
  readonly mode?: 'pubsub' | 'sharded' | 'stream' | undefined;
  /** Entries that a stream keeps, at least (10_000); only for `stream`. */
  readonly maxStreamLength?: number | undefined;
}

/** Above it a hint becomes "everything changed", since a megabyte in a message is never a hint. */
const MAX_PAYLOAD_BYTES = 1_048_576;

/**
 * Redis as the broker, by ioredis 5 or 6, single server or cluster; Valkey speaks the same.
 * @throws {TypeError} An option is wrong; the message names it.
 */
export function redisTransport(options: RedisTransportOptions): Transport {
  const { client, mode = 'pubsub', maxStreamLength = 10_000 } = options;
  if (typeof client?.duplicate !== 'function') throw new TypeError('client: expected a Redis or Cluster of ioredis');
  checkOneOf('mode', mode, ['pubsub', 'sharded', 'stream']);
  const link = linkTo(client);
  const common = {
    name: `redis ${mode}`,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
    transactional: false,
    close: async () => link.drop(),
  };
  if (mode === 'stream') {
    const reader = new StreamReader(link, maxStreamLength);
    return {
      ...common,
      connect: (handlers, signal) => reader.open(handlers, signal),
      publish: (batch, signal) => reader.publish(batch, signal),
    };
  }
  const [open, command] = mode === 'pubsub' ? ([openPubsub, 'publish'] as const) : ([openSharded, 'spublish'] as const);
  return {
    ...common,
    connect: (handlers, signal) => open(link, handlers, signal),
    publish: (batch, signal) => publish(link, command, batch, signal),
  };
}

async function publish(
  link: RedisLink,
  command: string,
  batch: readonly OutgoingMessage[],
  signal: AbortSignal,
): Promise<void> {
  await link.run(
    batch.map(({ channel, data }) => [command, channel, data]),
    signal,
  );
}
