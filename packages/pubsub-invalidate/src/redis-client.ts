/** What this package needs of a client of ioredis 5 or 6: a `Redis` or a `Cluster`. It is duplicated, never used or closed itself. */
export interface RedisClient {
  readonly isCluster?: boolean;
  // oxlint-disable-next-line typescript/no-explicit-any -- the overloads differ between ioredis 5 and 6; only the call matters
  duplicate(...overrides: any[]): unknown;
}

/** A duplicate: one connection to one server. */
export interface OwnRedis {
  readonly options: { readonly host?: string; readonly port?: number };
  duplicate(overrides: object): OwnRedis;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...values: never[]) => void): unknown;
  once(event: string, listener: (...values: never[]) => void): unknown;
  call(command: string, ...values: (string | number)[]): Promise<unknown>;
  pipeline(commands: readonly (readonly (string | number)[])[]): { exec(): Promise<[Error | null, unknown][] | null> };
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ssubscribe(...channels: string[]): Promise<unknown>;
  sunsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
}

/** A duplicate of a cluster client: it knows who owns which slot. */
export interface OwnCluster extends Omit<OwnRedis, 'duplicate' | 'options'> {
  readonly slots: readonly (readonly string[])[];
  nodes(role: 'all' | 'master'): OwnRedis[];
  refreshSlotsCache(callback: (error?: Error | null) => void): void;
}

/** No retry, no queue, no re-subscription of its own: the bus does all of that, and knows when it is done. */
const SINGLE = {
  lazyConnect: true,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  retryStrategy: () => null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: undefined,
  keyPrefix: '',
  keepAlive: 10_000,
  disconnectTimeout: 100,
};

const CLUSTER = {
  lazyConnect: true,
  clusterRetryStrategy: () => null,
  enableOfflineQueue: true,
  retryDelayOnFailover: 50,
  keyPrefix: '',
};

export const duplicateSingle = (client: RedisClient | OwnRedis): OwnRedis => client.duplicate(SINGLE) as OwnRedis;

export const duplicateCluster = (client: RedisClient): OwnCluster =>
  client.duplicate([], { ...CLUSTER, redisOptions: { ...optionsOf(client), keyPrefix: '' } }) as OwnCluster;

/** How the nodes are reached (password, TLS): overriding `redisOptions` must not lose it. */
const optionsOf = (client: RedisClient): object =>
  (client as { options?: { redisOptions?: object } }).options?.redisOptions ?? {};

/**
 * Connects a duplicate. `onGone` runs once when it has ended; its errors never become uncaught ones.
 * When `signal` aborts during the handshake the socket is let go.
 */
export async function openRedis<Own extends Pick<OwnRedis, 'on' | 'once' | 'connect' | 'disconnect'>>(
  redis: Own,
  signal: AbortSignal,
  onGone: (error?: Error) => void,
): Promise<Own> {
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
    // ioredis 5 has taken a message for a reply: from here on its answers belong to the wrong commands.
    if (error.message.startsWith('Command queue state error')) redis.disconnect();
  });
  redis.once('end', () => onGone(lastError));
  const abort = (): void => redis.disconnect();
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) throw signal.reason;
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw lastError ?? error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return redis;
}
