import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { retryDelayMs } from './backoff.ts';
import type { StatementOptions } from './connection.ts';
import type { Contexts } from './context.ts';
import type { Core } from './core.ts';
import { attemptTx } from './tx-attempt.ts';
import type { Session } from './session.ts';
import { isRetryable } from './sql-state.ts';
import { duration, whole } from './settings.ts';
import { after } from './timer.ts';
import { TxTimeoutError } from './tx-errors.ts';
import type { AcquireOptions } from './waiter.ts';

const RETRY_BASE_MS = 10;
const RETRY_MAX_MS = 1_000;
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';

/** A transaction, or a savepoint in one. It works inside its callback, in the callback's async context, until the callback ends. */
export interface Tx {
  /** Runs one statement. Several at once (`Promise.all`) run in the order in which they were made. */
  query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
    options?: StatementOptions,
  ): Promise<QueryResult<Row>>;
  /** Runs `fn` in a savepoint: when it rejects, what it did is undone and the transaction may go on. */
  savepoint<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `fn` when the transaction has been committed; never, if it is not, or if the savepoint it belongs to was undone. */
  afterCommit(fn: () => void): void;
  /** Aborts when the transaction has to end early: time-out, the caller's abort, a lost connection. */
  readonly signal: AbortSignal;
}

export interface TxOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable' | undefined;
  readOnly?: boolean | undefined;
  /** With `serializable` and `readOnly`: waits for a snapshot that cannot fail. */
  deferrable?: boolean | undefined;
  /** Further attempts after `retryOn`, with full jitter between them. Default 0. `fn` must bear being run again. */
  retries?: number | undefined;
  /** SQLSTATEs worth another attempt. Default 40001 and 40P01. */
  retryOn?: readonly string[] | undefined;
  /** The whole call: wait for a connection, all attempts, COMMIT. Default `Infinity`. */
  timeoutMs?: number | undefined;
  /** An abort rolls back and rejects with `signal.reason`; one that comes after COMMIT was sent changes nothing. */
  signal?: AbortSignal | undefined;
  label?: string | undefined;
  leakMs?: number | undefined;
  /**
   * Asks for the transaction's id before COMMIT (one round trip), so that a connection lost during COMMIT can be resolved with
   * `pg_xact_status` on another one. Default `false`: `CommitUnknownError`.
   */
  resolveCommit?: boolean | undefined;
}

export type Borrow = (options: AcquireOptions) => Promise<Session>;

/** What every attempt of one `tx()` shares. */
export interface TxCall {
  readonly core: Core;
  readonly contexts: Contexts;
  readonly borrow: Borrow;
  readonly options: TxOptions;
  readonly endsAtMs: number;
  readonly began: Error;
}

/** Runs `fn` in a transaction, again after a collision, up to `retries` times. */
export async function runTx<T>(
  core: Core,
  contexts: Contexts,
  borrow: Borrow,
  fn: (tx: Tx) => Promise<T>,
  options: TxOptions,
): Promise<T> {
  const { retries = 0, retryOn = [SERIALIZATION_FAILURE, DEADLOCK_DETECTED], timeoutMs = Infinity, signal } = options;
  whole('retries', retries, 0);
  duration('timeoutMs', timeoutMs);
  const endsAtMs = timeoutMs === Infinity ? Infinity : core.now() + timeoutMs;
  const call: TxCall = { core, contexts, borrow, options, endsAtMs, began: new Error('began') };
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await attemptTx(call, fn);
    } catch (error) {
      if (attempt >= retries || !isRetryable(error, retryOn)) throw error;
      const delayMs = retryDelayMs(attempt, RETRY_BASE_MS, RETRY_MAX_MS, Math.random);
      if (core.now() + delayMs >= endsAtMs) throw new TxTimeoutError(timeoutMs);
      core.counters.retries += 1;
      core.emit({ type: 'retry', attempt: attempt + 1, delayMs, error });
      await pause(delayMs, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}
