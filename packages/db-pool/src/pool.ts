import type { Pool as PgPool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { drain } from './close.ts';
import { Lease, showCaller, type Connection } from './connection.ts';
import { Contexts, type Context } from './context.ts';
import { Core } from './core.ts';
import { ConnectionLostError } from './errors.ts';
import { Call } from './call.ts';
import type { Holder } from './holders.ts';
import { startHousekeeper } from './housekeeper.ts';
import type { PoolOptions } from './options.ts';
import { asPgPool } from './pg-pool.ts';
import type { Session } from './session.ts';
import { duration, settingsOf, whole } from './settings.ts';
import { isSharable } from './sharing.ts';
import type { PoolStats } from './stats.ts';
import { runTx, type Tx, type TxOptions } from './tx.ts';
import type { Pool, QueryOptions } from './types.ts';
import { validateCapacity, type CapacityReport } from './validate.ts';
import type { AcquireOptions, Receiver } from './waiter.ts';

const CLOSE_MS = 10_000;
/** One stack in so many milliseconds: every checkout of a quiet pool, and next to nothing of a busy one's time. */
const STACK_EVERY_MS = 10;
const DEFAULTS: AcquireOptions = {};

/** Creates a pool. Opens nothing before the first use, unless `minIdle` asks for it. @throws {TypeError|RangeError} naming option and value. */
export function createPool(options: PoolOptions): Pool {
  return new CorralPool(options);
}

class CorralPool implements Pool {
  readonly #core: Core;
  readonly #contexts = new Contexts();
  readonly #stopHousekeeper: () => void;
  #closed: Promise<{ forced: number }> | undefined;
  #facade: PgPool | undefined;
  #stackDueMs = -Infinity;

  constructor(options: PoolOptions) {
    this.#core = new Core(settingsOf(options));
    this.#stopHousekeeper = startHousekeeper(this.#core);
    this.#core.pulse();
  }

  async query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    const { signal, timeoutMs = Infinity, idempotent = false } = options;
    const core = this.#core;
    duration('timeoutMs', timeoutMs);
    const endsAtMs = timeoutMs === Infinity ? Infinity : core.now() + timeoutMs;
    const shared = core.settings.depth > 1 && isSharable(text);
    const query = { text, values };
    const limits = { signal, timeoutMs, endsAtMs };
    for (let repeats = 0; ; repeats += 1) {
      let call: Call | undefined;
      try {
        const answer = await new Promise<QueryResult>((resolve, reject) => {
          call = new Call(core, query, limits, resolve, reject);
          this.#checkOut(call, signal, this.#waitMs(endsAtMs), shared);
        });
        return answer as QueryResult<Row>;
      } catch (error) {
        const lost = error instanceof ConnectionLostError;
        const safe = lost && (error.sent ? idempotent && repeats === 0 : repeats < core.capacity);
        if (!safe) {
          showCaller(error);
          throw error;
        }
      } finally {
        if (call?.session) core.release(call.session);
      }
    }
  }

  acquire(options: AcquireOptions = DEFAULTS): Promise<Connection> {
    const { signal, timeoutMs = this.#core.settings.acquireTimeoutMs } = options;
    // What nearly every call needs: an idle connection, outside any other one.
    const idle = signal === undefined && this.#contexts.current() === undefined ? this.#core.take() : undefined;
    if (idle) return Promise.resolve(this.#lease(idle, options, this.#capture(idle.heldSinceMs)));
    const origin = this.#capture(this.#core.now());
    return new Promise((resolve, reject) => {
      const grant = (session: Session): void => resolve(this.#lease(session, options, origin));
      this.#checkOut({ grant, fail: reject }, signal, timeoutMs, false);
    });
  }

  async use<T>(fn: (connection: Connection) => Promise<T> | T, options: AcquireOptions = {}): Promise<T> {
    const outer = this.#contexts.current();
    const session = await this.#borrow(options);
    const context: Context = { outer, session, tx: undefined };
    const lease = new Lease(this.#core, session);
    try {
      return await this.#contexts.run(context, () => fn(lease));
    } finally {
      context.session = undefined;
      lease.release();
    }
  }

  tx<T>(fn: (tx: Tx) => Promise<T>, options: TxOptions = {}): Promise<T> {
    return runTx(this.#core, this.#contexts, (acquire) => this.#borrow(acquire), fn, options);
  }

  async ready(options: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined } = {}): Promise<void> {
    // Held together, so that one connection does not answer for all.
    const wanted = Math.max(1, this.#core.settings.minIdle);
    const borrowed = Array.from({ length: wanted }, () => this.#borrow(options));
    const settled = await Promise.allSettled(borrowed);
    for (const one of settled) if (one.status === 'fulfilled') this.#core.release(one.value);
    await Promise.all(borrowed);
  }

  invalidate(_reason?: string): void {
    this.#core.epoch += 1;
    for (const session of this.#core.idle.splice(0)) this.#core.discard(session, 'invalidated');
  }

  suspend(): void {
    this.#core.suspended = true;
  }

  resume(): void {
    this.#core.suspended = false;
    this.#core.pulse();
  }

  setSize(sizes: { size?: number | undefined; overflow?: number | undefined }): void {
    const { size = this.#core.size, overflow = this.#core.overflow } = sizes;
    whole('size', size, 1);
    whole('overflow', overflow, 0);
    this.#core.size = size;
    this.#core.overflow = overflow;
    this.#core.trim();
  }

  validate(options: { processes: number }): Promise<CapacityReport> {
    return validateCapacity(this, this.#core, options);
  }

  stats(): PoolStats {
    return this.#core.stats();
  }

  holders(): Holder[] {
    return this.#core.holders();
  }

  health(): { ok: boolean; state: 'up' | 'down' | 'draining'; lastError?: Error } {
    const { connector, state: poolState, sessions } = this.#core;
    const state = poolState === 'open' ? (connector.down && sessions.size === 0 ? 'down' : 'up') : 'draining';
    return { ok: state === 'up', state, ...(connector.lastError && { lastError: connector.lastError }) };
  }

  asPgPool(): PgPool {
    this.#facade ??= asPgPool(this, this.#core, (options) => this.#borrow(options));
    return this.#facade;
  }

  close(options: { timeoutMs?: number | undefined } = {}): Promise<{ forced: number }> {
    const { timeoutMs = CLOSE_MS } = options;
    duration('timeoutMs', timeoutMs);
    this.#closed ??= drain(this.#core, timeoutMs).finally(this.#stopHousekeeper);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #lease(session: Session, { label, leakMs }: AcquireOptions, origin: Error | undefined): Connection {
    if (label !== undefined || origin !== undefined || leakMs !== undefined) session.loan = { label, origin, leakMs };
    return new Lease(this.#core, session);
  }

  /** A session, with its holder's name on it. */
  #borrow(options: AcquireOptions): Promise<Session> {
    const { signal, timeoutMs = this.#core.settings.acquireTimeoutMs, label, leakMs } = options;
    const origin = this.#capture(this.#core.now());
    return new Promise((resolve, reject) => {
      const grant = (session: Session): void => {
        session.loan = { label, origin, leakMs };
        resolve(session);
      };
      this.#checkOut({ grant, fail: reject }, signal, timeoutMs, false);
    });
  }

  /** A session at once, or in its turn; whoever gets it must release it. */
  #checkOut(receiver: Receiver, signal: AbortSignal | undefined, timeoutMs: number, shared: boolean): void {
    const core = this.#core;
    const context = this.#contexts.current();
    if (signal?.aborted) {
      receiver.fail(signal.reason);
      return;
    }
    const refusal = context && core.deadlock.nested(context);
    if (refusal) {
      receiver.fail(refusal);
      return;
    }
    const session = core.take(shared);
    if (session) receiver.grant(session);
    else {
      duration('timeoutMs', timeoutMs);
      core.wait(receiver, { timeoutMs, signal, context, shared });
    }
  }

  /** What is left of a call for its wait, never more than `acquireTimeoutMs`. */
  #waitMs(endsAtMs: number): number {
    const { acquireTimeoutMs } = this.#core.settings;
    return endsAtMs === Infinity
      ? acquireTimeoutMs
      : Math.min(acquireTimeoutMs, Math.max(0, endsAtMs - this.#core.now()));
  }

  /** The caller's stack, unformatted: every ten milliseconds, or as the options say. After a leak was seen, each time. */
  #capture(nowMs: number): Error | undefined {
    const { stacks } = this.#core.settings;
    if (stacks === 'never') return undefined;
    if (stacks === 'sample' && nowMs < this.#stackDueMs && this.#core.counters.leaks === 0) return undefined;
    this.#stackDueMs = nowMs + STACK_EVERY_MS;
    return new Error('acquired');
  }
}
