import type { Client, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Core } from './core.ts';
import { ConnectionReleasedError } from './errors.ts';
import { execute } from './execute.ts';
import type { Session } from './session.ts';
import { endsSession, sqlStateOf } from './sql-state.ts';

export interface StatementOptions {
  /** An abort rejects with `signal.reason` and sends the server a cancel request. */
  signal?: AbortSignal | undefined;
  /** The statement's time, in milliseconds; then it is cancelled and `QueryTimeoutError` says so. */
  timeoutMs?: number | undefined;
}

/** A connection lent by `acquire()` or `use()`. It is this borrower's alone until `release()`. */
export interface Connection extends AsyncDisposable {
  /** Runs one statement; several at once run in the order in which they were made. */
  query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
    options?: StatementOptions,
  ): Promise<QueryResult<Row>>;
  /**
   * Gives the connection back; a second call does nothing. An open transaction is rolled back, a running statement is
   * cancelled. With `true` or an error that is not an ordinary SQL error the connection is closed instead.
   */
  release(error?: unknown): void;
  /** The driver's own client, for LISTEN, COPY and cursors. */
  readonly client: Client;
  /** The server process. */
  readonly processId: number | null;
}

/** An ordinary SQL error says nothing against the connection; anything else a borrower hands in does. */
export function isBroken(error: unknown): boolean {
  if (error === undefined || error === null || error === false) return false;
  return sqlStateOf(error) === undefined || endsSession(error);
}

export class Lease implements Connection {
  readonly #core: Core;
  readonly #session: Session;
  #released = false;

  constructor(core: Core, session: Session) {
    this.#core = core;
    this.#session = session;
  }

  get client(): Client {
    return this.#session.client;
  }

  get processId(): number | null {
    return this.#session.client.processID;
  }

  async query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
    options: StatementOptions = {},
  ): Promise<QueryResult<Row>> {
    if (this.#released) throw new ConnectionReleasedError();
    return runOn(this.#core, this.#session, text, values, options) as Promise<QueryResult<Row>>;
  }

  release(error?: unknown): void {
    if (this.#released) return;
    this.#released = true;
    this.#core.release(this.#session, isBroken(error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

/** One statement on a held session, with the caller's frames on the stack of its error. */
export async function runOn(
  core: Core,
  session: Session,
  text: string | QueryConfig,
  values: unknown[] | undefined,
  options: StatementOptions,
): Promise<QueryResult> {
  const { signal, timeoutMs = core.statementMs } = options;
  try {
    return await execute(session, text, values, { signal, timeoutMs, statedMs: timeoutMs });
  } catch (error) {
    showCaller(error);
    throw error;
  } finally {
    core.deadlock.suspect();
  }
}

/** The driver makes its errors in a socket callback: their stack says nothing. This one leads back to the query. */
export function showCaller(error: unknown): void {
  if (error instanceof Error && sqlStateOf(error) !== undefined) Error.captureStackTrace?.(error, showCaller);
}
