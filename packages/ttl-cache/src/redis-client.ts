/** What the tier needs of a client: an ioredis `Redis` or `Cluster`, version 5 or 6. It is given, and never closed. */
export interface RedisClient {
  readonly status: string;
  readonly isCluster?: boolean | undefined;
  eval(script: string, keyCount: number, ...args: (string | Buffer)[]): Promise<unknown>;
  evalsha(sha1: string, keyCount: number, ...args: (string | Buffer)[]): Promise<unknown>;
  duplicate(): RedisSubscriber;
}

/**
 * The same two, answering in bytes. ioredis has them and its types have not; `callBuffer`, which is typed, breaks under
 * `enableAutoPipelining`.
 */
export interface RedisSender extends RedisClient {
  evalBuffer: RedisClient['eval'];
  evalshaBuffer: RedisClient['evalsha'];
}

/** @throws {TypeError} `client` is no client of ioredis. */
export function senderOf(client: RedisClient): RedisSender {
  const sender = client as RedisSender | undefined;
  if (typeof sender?.evalBuffer === 'function' && typeof sender.evalshaBuffer === 'function') return sender;
  throw new TypeError(`redis: expected a Redis or Cluster of ioredis, got ${client === null ? 'null' : typeof client}`);
}

/**
 * A connection of our own, to wait on. It subscribes anew by our hand: where ioredis does it by itself, a connection that is cut
 * meanwhile ends in an unhandled rejection.
 */
export function connectionLike(client: RedisClient): RedisSubscriber {
  // A cluster has a connection of its own for this, and minds its rejections.
  if (client.isCluster === true) return client.duplicate();
  const { duplicate } = client as unknown as { duplicate(options: { autoResubscribe: boolean }): RedisSubscriber };
  return duplicate.call(client, { autoResubscribe: false });
}

/** What the tier needs of the connection that it owns. */
export interface RedisSubscriber {
  readonly status: string;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

/** A client in one of these states sends a command, or will as soon as it is connected. In any other it would only queue it. */
const sending: ReadonlySet<string> = new Set(['ready', 'connect', 'connecting', 'wait']);

export function canSend(client: RedisClient): boolean {
  return sending.has(client.status);
}
