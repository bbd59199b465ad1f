/** What a transaction needs of a client; `pg.PoolClient` has it. */
export interface TransactionClient {
  query(text: string, values?: unknown[]): Promise<{ readonly command?: string; readonly rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
}

/** What a transaction needs of a pool; `pg.Pool` has it, and what `@corral/db-pool` gives as `asPgPool()`. `Client` must have `query` and `release`. */
export interface TransactionPool<Client = unknown> {
  connect(): Promise<Client>;
}
