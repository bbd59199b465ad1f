/** What a transaction needs of a client; `pg.PoolClient` has it. */
export interface TransactionClient {
  query(text: string, values?: unknown[]): Promise<{ readonly command?: string; readonly rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

/** What a transaction needs of a pool; `pg.Pool` has it, and what `@corral/db-pool` gives as `asPgPool()`. Its clients must have `query` and `release`. */
export interface TransactionPool {
  connect(): Promise<unknown>;
}

/** The client that a pool hands out; the first overload counts, since `pg.Pool` has one with a callback too. */
export type ClientOf<Pool> = Pool extends { connect: { (): Promise<infer Client>; (callback: never): void } }
  ? Client
  : never;

/**
 * Lends a client to `work` and gives it back; after `fail(error)`, or when its connection broke meanwhile, with that error,
 * so that the pool drops it. A client on loan has no error listener of its pool: without ours a lost connection between two
 * statements would end the process.
 */
export async function withClient<Result>(
  pool: TransactionPool,
  work: (client: TransactionClient, fail: (error: unknown) => void) => Promise<Result>,
): Promise<Result> {
  const client = (await pool.connect()) as TransactionClient;
  let broken: Error | undefined;
  const fail = (error: unknown): void => {
    broken ??= error instanceof Error ? error : new Error('the connection is in an unknown state', { cause: error });
  };
  client.on?.('error', fail);
  try {
    return await work(client, fail);
  } finally {
    client.release(broken);
    client.off?.('error', fail);
  }
}
