import type { ClientConfig, QueryConfig, QueryResult } from 'pg';
import { Burst } from './burst.ts';
import { sendCancel } from './cancel.ts';
import type { PgClient } from './driver.ts';
import { ConnectionLostError, ConnectionReleasedError } from './errors.ts';
import { endsSession } from './sql-state.ts';
import type { Counters } from './stats.ts';
import { after } from './timer.ts';

const CANCEL_MS = 1_000;
const CANCEL_AGAIN_MS = 20;
const CANCEL_ATTEMPTS = 6;

/** One statement on its way through one session. */
export interface Job {
  readonly text: string | QueryConfig;
  readonly values: unknown[] | undefined;
  resolve(result: QueryResult): void;
  reject(error: unknown): void;
}

/** Who has the connection; shared and anonymous for a single `pool.query`. */
export interface Loan {
  readonly label: string | undefined;
  /** Its stack says where the connection was acquired. */
  readonly origin: Error | undefined;
  /** Not reported before it was held this long; undefined: the pool's limit. */
  readonly leakMs: number | undefined;
}

export const NOBODY: Loan = { label: undefined, origin: undefined, leakMs: undefined };

/** What a session shares with its pool. */
export interface Home {
  suspicion: number;
  readonly now: () => number;
  readonly counters: Counters;
  readonly config: ClientConfig;
  onLost(session: Session, error: Error): void;
}

/** One connected `pg.Client` and what the pool knows about it. Statements run in the order in which they were submitted. */
export class Session {
  readonly client: PgClient;
  expiresAtMs: number = Infinity;
  epoch = 0;
  verified: number;
  idleSinceMs = 0;
  heldSinceMs = 0;
  held = false;
  loan: Loan = NOBODY;
  leakReported = false;
  lastText: string | undefined;
  lost: Error | undefined;
  closing = false;
  /** A cancel request was sent since the last reset: the next statement might still be hit behind a pooler. */
  cancelled = false;
  /** Statements sent and unanswered. More than one only with pipelining. */
  inFlight = 0;
  /** Callers that share this session now; 0: it is idle or lent to one. */
  sharers = 0;
  /** A shared statement is overdue: nobody else is put behind it. */
  stalled = false;
  /** False as soon as ReadyForQuery was seen with nothing queued: only then is the transaction status current. */
  #busy = false;
  readonly #home: Home;
  /** Only with pipelining: else there is one write in a turn. */
  readonly #burst: Burst | undefined;
  readonly #queue: Job[] = [];
  readonly #active = new Set<Job>();
  #cancelling: Promise<void> | undefined;
  #onFinish: (() => void) | undefined;
  #onQuiet: (() => void)[] = [];
  readonly #rawQuery: PgClient['query'];

  constructor(client: PgClient, home: Home) {
    this.client = client;
    this.#home = home;
    this.#burst = home.config.pipeline === true ? new Burst(client) : undefined;
    this.verified = home.suspicion;
    client.on('error', (error: Error) => this.#fail(error));
    client.on('end', () => this.#fail(new Error('the server closed the connection')));
    client.on('drain', () => this.#rest());
    // Statements that bypass the session (cursors, COPY, an ORM on the raw client) must count as activity too.
    this.#rawQuery = client.query.bind(client);
    client.query = ((...args: Parameters<PgClient['query']>) => {
      this.#busy = true;
      const [first] = args as unknown as [string | { text?: string }];
      this.lastText = typeof first === 'string' ? first : first?.text;
      return this.#rawQuery(...args);
    }) as PgClient['query'];
  }

  get running(): boolean {
    return this.#busy;
  }

  get inTransaction(): boolean {
    return this.client.getTransactionStatus() !== 'I';
  }

  /** Nothing runs, nothing is queued, no cancel request is on its way: what is said of the transaction status is true. */
  get quiet(): boolean {
    return !this.#busy && this.#queue.length === 0 && this.#cancelling === undefined;
  }

  query(text: string | QueryConfig, values?: unknown[]): Promise<QueryResult> {
    return new Promise((resolve, reject) => this.submit({ text, values, resolve, reject }));
  }

  submit(job: Job): void {
    if (this.lost !== undefined || this.closing) job.reject(new ConnectionLostError(false, this.lost));
    else if (this.#cancelling === undefined && (this.#burst !== undefined || this.#active.size === 0)) this.#start(job);
    else this.#queue.push(job);
  }

  /** Its caller has left: takes `job` out of the queue or asks the server to stop it. A pipelined neighbour is never hit. */
  interrupt(job: Job): void {
    const at = this.#queue.indexOf(job);
    if (at >= 0) this.#queue.splice(at, 1);
    else if (this.#active.size > 1) this.stalled = true;
    else if (this.#active.has(job)) this.cancel();
    this.#checkQuiet();
  }

  cancel(): void {
    if (this.#cancelling !== undefined || this.lost !== undefined) return;
    this.cancelled = true;
    this.stalled = true;
    this.#home.counters.cancels += 1;
    this.#cancelling = this.#sendCancels().then(() => {
      this.#cancelling = undefined;
      this.#next();
      this.#checkQuiet();
    });
  }

  /** A request that comes before its statement is lost: it is sent again until the statement has ended. */
  async #sendCancels(): Promise<void> {
    for (let attempt = 0; attempt < CANCEL_ATTEMPTS; attempt += 1) {
      await sendCancel(this.client, this.#home.config.stream, CANCEL_MS);
      if (this.#active.size === 0 || this.lost !== undefined || this.closing) return;
      await new Promise<void>((resolve) => {
        this.#onFinish = resolve;
        after(CANCEL_AGAIN_MS * 2 ** attempt, resolve);
      });
      if (this.#active.size === 0) return;
    }
  }

  /** The borrower left statements behind: what has not been sent never will be, what runs is cancelled. */
  abandon(): void {
    for (const job of this.#queue.splice(0)) job.reject(new ConnectionReleasedError());
    if (this.#active.size > 0) this.cancel();
  }

  whenQuiet(): Promise<void> {
    return this.quiet || this.lost !== undefined
      ? Promise.resolve()
      : new Promise((resolve) => this.#onQuiet.push(resolve));
  }

  /** Closes politely, and after `graceMs` by destroying the socket. Resolves when the socket is gone. */
  close(graceMs: number): Promise<void> {
    this.closing = true;
    const { stream } = this.client.connection;
    if (stream.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.destroy(), graceMs);
      stream.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.lost !== undefined || stream.destroyed || graceMs === 0) stream.destroy();
      else this.client.end(() => undefined);
    });
  }

  #start(job: Job): void {
    const { counters, now } = this.#home;
    const startedAt = now();
    counters.queries += 1;
    this.inFlight += 1;
    this.#busy = true;
    this.#active.add(job);
    this.lastText = typeof job.text === 'string' ? job.text : job.text?.text;
    const finish = (error: Error | null | undefined, result?: QueryResult) => {
      if (!this.#active.delete(job)) return;
      counters.runMs += now() - startedAt;
      this.#onFinish?.();
      this.inFlight -= 1;
      if (error) {
        counters.queryErrors += 1;
        job.reject(this.#explain(error));
      } else {
        this.verified = this.#home.suspicion;
        job.resolve(result as QueryResult);
      }
      this.#next();
    };
    this.#burst?.begin();
    try {
      (this.#rawQuery as unknown as (text: unknown, values: unknown, callback: typeof finish) => void)(
        job.text,
        job.values,
        finish,
      );
    } catch (error) {
      this.#busy = this.#active.size > 1;
      finish(error as Error);
    }
  }

  #next(): void {
    if (this.#active.size > 0 || this.#cancelling !== undefined) return;
    const job = this.#queue.shift();
    if (job) this.#start(job);
  }

  #explain(error: Error): unknown {
    const ends = endsSession(error);
    if (ends) this.#fail(error);
    return ends || this.lost !== undefined || this.client.connection.stream.destroyed
      ? new ConnectionLostError(true, error)
      : error;
  }

  #fail(error: Error): void {
    if (this.lost !== undefined) return;
    this.lost = error;
    for (const job of this.#queue.splice(0)) job.reject(new ConnectionLostError(false, error));
    if (!this.closing) this.#home.onLost(this, error);
    this.#rest();
  }

  #rest(): void {
    this.#busy = false;
    this.#checkQuiet();
  }

  #checkQuiet(): void {
    if (this.#onQuiet.length === 0 || !(this.quiet || this.lost !== undefined)) return;
    for (const resolve of this.#onQuiet.splice(0)) resolve();
  }
}
