/** What is asked of an ioredis client, version 5 or 6, alone or of a cluster. */
export interface RedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  readonly options: object;
  duplicate(...overrides: never[]): unknown;
}

/** What is used of the duplicate. */
interface Duplicate {
  readonly status: string;
  on(event: 'ready' | 'close' | 'end' | 'error', listener: () => void): unknown;
  evalsha(...args: (string | number)[]): Promise<unknown>;
  eval(...args: (string | number)[]): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
}

/** A connection of our own that never queues: what cannot be sent now fails now. */
export interface Connection {
  readonly ready: boolean;
  readonly isCluster: boolean;
  /** Runs a script by its hash, and sends its text where the server does not know it: once, whoever else waits. */
  run(script: Script, lane: number, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Gives the socket up and opens another one. */
  reconnect(): void;
  close(): void;
}

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export interface ConnectionEvents {
  onReady(): void;
  onLost(): void;
}

/** The longest pause between two attempts to connect, milliseconds; recovery within a second rests on it. */
const RETRY_MS = 150;

const retryMs = (attempt: number): number => Math.min(RETRY_MS, 25 * attempt) * (0.8 + 0.4 * Math.random());

/** Settings of the duplicate. Every one of them turns off a way of waiting. */
const SETTINGS = {
  lazyConnect: false,
  enableReadyCheck: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 1_000,
  disconnectTimeout: 50,
  commandTimeout: undefined,
  reconnectOnError: null,
  retryStrategy: retryMs,
};

function duplicate(client: RedisClient): Duplicate {
  if (!client.isCluster) return (client.duplicate as (override: object) => Duplicate).call(client, SETTINGS);
  const { enableOfflineQueue, lazyConnect, retryStrategy: _own, ...node } = SETTINGS;
  const options = {
    enableOfflineQueue,
    lazyConnect,
    scaleReads: 'master',
    enableAutoPipelining: false,
    clusterRetryStrategy: retryMs,
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    maxRedirections: 4,
    slotsRefreshTimeout: 1_000,
    slotsRefreshInterval: 2_000,
    redisOptions: { ...(client.options as { redisOptions?: object }).redisOptions, ...node },
  };
  return (client.duplicate as (nodes: never[], override: object) => Duplicate).call(client, [], options);
}

const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT');
const isReadonly = (error: unknown): boolean => error instanceof Error && error.message.startsWith('READONLY');

/** Duplicates `client` and keeps the duplicate connected. The client that was given is never used, connected or ended. */
export function connect(client: RedisClient, events: ConnectionEvents): Connection {
  const own = duplicate(client);
  /** Scripts on their way to a server, by script and lane: whoever meets NOSCRIPT meanwhile waits for that one. */
  const loading = new Map<string, Promise<unknown>>();
  let closed = false;
  let lostAnnounced = true;
  const lost = (): void => {
    if (lostAnnounced) return;
    lostAnnounced = true;
    events.onLost();
  };
  own.on('error', () => {});
  own.on('ready', () => {
    lostAnnounced = false;
    events.onReady();
  });
  own.on('close', lost);
  own.on('end', lost);

  const load = (
    script: Script,
    lane: number,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> => {
    const name = `${lane}:${script.sha1}`;
    const running = loading.get(name);
    const again = (): Promise<unknown> => own.evalsha(script.sha1, keys.length, ...keys, ...args);
    if (running !== undefined) return running.then(again, again);
    const sent = own.eval(script.text, keys.length, ...keys, ...args);
    loading.set(name, sent);
    return sent.finally(() => loading.delete(name));
  };

  return {
    isCluster: client.isCluster,
    get ready() {
      return own.status === 'ready';
    },
    async run(script, lane, keys, args) {
      if (closed || own.status !== 'ready') throw new Error('Redis is not connected');
      try {
        return await own.evalsha(script.sha1, keys.length, ...keys, ...args);
      } catch (error) {
        if (isNoScript(error)) return load(script, lane, keys, args);
        // A server that became a replica stays one on this socket; a new one may lead to the new primary.
        if (isReadonly(error) && !closed) own.disconnect(true);
        throw error;
      }
    },
    reconnect() {
      if (!closed) own.disconnect(true);
    },
    close() {
      closed = true;
      own.disconnect();
    },
  };
}
