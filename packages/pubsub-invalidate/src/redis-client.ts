/** What this package needs of ioredis 5 and 6, `Redis` and `Cluster` alike. */
export interface RedisClient {
  readonly isCluster?: boolean;
  // eslint-disable-next-line typescript/no-explicit-any -- ioredis 5 and 6 type their overloads differently; only the call matters
  duplicate(...overrides: any[]): unknown;
}

/** A connection of our own: a duplicate. */
export interface OwnRedis {
  readonly status: string;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...values: never[]) => void): unknown;
  once(event: string, listener: (...values: never[]) => void): unknown;
  call(command: string, ...values: (string | number)[]): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ssubscribe(...channels: string[]): Promise<unknown>;
  sunsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
}
