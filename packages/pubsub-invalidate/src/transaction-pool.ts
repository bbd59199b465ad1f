/** What a transaction needs of a client; `pg.PoolClient` has it. */
export interface TransactionClient {
  query(text: string, values?: unknown[]): Promise<{ readonly command?: string; readonly rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
}

/** What a transaction needs of a pool; `pg.Pool` has it, and what `@corral/db-pool` gives as `asPgPool()`. Its clients must have `query` and `release`. */
export interface TransactionPool {
  connect(): Promise<unknown>;
}

/** The client that a pool hands out; the first overload counts, since `pg.Pool` has one with a callback too. */
export type ClientOf<Pool> = Pool extends { connect: { (): Promise<infer Client>; (callback: never): void } }
  ? Client
  : never;
