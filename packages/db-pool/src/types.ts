import type { Pool as PgPool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Connection, StatementOptions } from './connection.ts';
import type { Holder } from './holders.ts';
import type { PoolStats } from './stats.ts';
import type { Tx, TxOptions } from './tx.ts';
import type { CapacityReport } from './validate.ts';
import type { AcquireOptions } from './waiter.ts';

export interface QueryOptions extends StatementOptions {
  /** The call's whole time, the wait for a connection included; `acquireTimeoutMs` bounds that wait as well. */
  timeoutMs?: number | undefined;
  /** The statement may be run once more when its connection is lost while it runs. */
  idempotent?: boolean | undefined;
}

/** A pool of connections to one Postgres database. */
export interface Pool extends AsyncDisposable {
  /**
   * Runs one statement on any connection. An SQL error is the driver's own `DatabaseError` and never costs the connection;
   * a statement that was not sent when its connection died is sent on another one.
   * @throws {PoolAcquireTimeoutError} No connection in time. @throws {ConnectionLostError} It died while the statement ran.
   */
  query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
    options?: QueryOptions,
  ): Promise<QueryResult<Row>>;
  /**
   * Lends one connection; callers are served first come, first served. Give it back with `release()` or `await using`.
   * @throws {PoolAcquireTimeoutError} None came free in time; this caller has left the queue.
   */
  acquire(options?: AcquireOptions): Promise<Connection>;
  /** Lends one connection to `fn` and takes it back when its promise settles. */
  use<T>(fn: (connection: Connection) => Promise<T> | T, options?: AcquireOptions): Promise<T>;
  /**
   * Runs `fn` in a transaction: commits when it resolves, rolls back when it rejects. The transaction object works inside
   * `fn` alone. With `retries` the whole of `fn` runs again after a serialization failure or a deadlock.
   * @throws {TxAbortedError} COMMIT was answered by ROLLBACK. @throws {CommitUnknownError} The connection died during COMMIT.
   * @throws {TxClosedError} `fn` ended with statements under way. @throws {TxTimeoutError} `timeoutMs` was over.
   */
  tx<T>(fn: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>;
  /** Resolves when one connection is open and `minIdle` are; rejects at the acquire deadline, or at once for wrong credentials. */
  ready(options?: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined }): Promise<void>;
  /** Replaces every connection: idle ones now, lent ones when they come back. */
  invalidate(reason?: string): void;
  /** Lends nothing until `resume()`: callers wait, up to their deadline. For a planned failover. */
  suspend(): void;
  resume(): void;
  /** Changes the sizes; what is too many is closed as it comes back. */
  setSize(sizes: { size?: number | undefined; overflow?: number | undefined }): void;
  /** Compares what `processes` pools like this one may open with what the server allows this role, and names sizes that fit. */
  validate(options: { processes: number }): Promise<CapacityReport>;
  /** A frozen snapshot. */
  stats(): PoolStats;
  /** Who holds a connection now, longest first. */
  holders(): Holder[];
  health(): { ok: boolean; state: 'up' | 'down' | 'draining'; lastError?: Error };
  /** A `pg.Pool` in shape and by `instanceof`, over this pool. Its `end()` closes this pool. */
  asPgPool(): PgPool;
  /**
   * Refuses new callers, serves those who wait, and after `timeoutMs` (default 10_000) cancels and closes what is still lent.
   * Idempotent; resolves when every socket is gone.
   */
  close(options?: { timeoutMs?: number | undefined }): Promise<{ forced: number }>;
}
