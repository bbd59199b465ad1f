import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { runOn, type StatementOptions } from './connection.ts';
import { isInside, type Context, type Contexts } from './context.ts';
import type { Core } from './core.ts';
import { callSite } from './holders.ts';
import type { Session } from './session.ts';
import type { Tx } from './tx.ts';
import { TxClosedError, TxForeignContextError } from './tx-errors.ts';

/** The one session and the one async context that a transaction and its savepoints share. */
export interface TxGround {
  readonly core: Core;
  readonly contexts: Contexts;
  readonly session: Session;
  readonly signal: AbortSignal;
  readonly began: Error;
  savepoints: number;
}

/** A transaction or savepoint as its callback sees it. */
export class TxScope implements Tx {
  readonly afterCommits: (() => void)[] = [];
  /** The first failure that is still part of what will be committed. */
  firstError: unknown;
  #ended = false;
  #child: TxScope | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #taking = 0;
  readonly #pending = new Set<Error>();
  readonly #ground: TxGround;

  constructor(ground: TxGround) {
    this.#ground = ground;
  }

  get signal(): AbortSignal {
    return this.#ground.signal;
  }

  query<Row extends QueryResultRow = QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
    options: StatementOptions = {},
  ): Promise<QueryResult<Row>> {
    const answer = this.#track(() => this.#run(text, values, options)) as Promise<QueryResult<Row>>;
    return answer;
  }

  savepoint<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#track(() => this.#nest(fn));
  }

  afterCommit(fn: () => void): void {
    const refusal = this.#refusal(new Error('used'));
    if (refusal) throw refusal;
    if (typeof fn !== 'function') throw new TypeError(`afterCommit: expected a function, got ${typeof fn}`);
    this.afterCommits.push(fn);
  }

  /** The callback has settled. Returns the error that says which statement nobody awaited, if there is one. */
  end(): TxClosedError | undefined {
    this.#ended = true;
    const [first] = this.#pending;
    if (!first) return undefined;
    const count = this.#pending.size;
    const what = count === 1 ? 'a statement' : `${count} statements`;
    return new TxClosedError(`the callback ended with ${what} under way: await it`, this.#beganAt(), site(first));
  }

  /** Counts a call as under way until it settles. Its rejection is never unhandled: the transaction itself reports it. */
  #track<T>(work: () => Promise<T>): Promise<T> {
    const used = new Error('used');
    const refusal = this.#refusal(used);
    if (refusal) return handled(Promise.reject(refusal));
    this.#pending.add(used);
    const turn = this.#inTurn(work).finally(() => this.#pending.delete(used));
    return handled(turn);
  }

  /** While a savepoint is open, calls from outside it wait: otherwise they would land in it. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const child = this.#child;
    const inside = child !== undefined && isInside(this.#ground.contexts.current(), child);
    return inside || this.#taking === 0 ? work() : this.#queue(work);
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    this.#taking += 1;
    const turn = this.#turn.then(work).finally(() => {
      this.#taking -= 1;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #run(
    text: string | QueryConfig,
    values: unknown[] | undefined,
    options: StatementOptions,
  ): Promise<QueryResult> {
    const { core, session, signal } = this.#ground;
    try {
      const both = options.signal ? AbortSignal.any([signal, options.signal]) : signal;
      return await runOn(core, session, text, values, { ...options, signal: both });
    } catch (error) {
      this.firstError ??= error;
      throw error;
    }
  }

  #nest<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    // Called in turn already, or first in line: either way nothing else of this scope runs until it is done.
    return this.#taking === 0 ? this.#queue(() => this.#savepoint(fn)) : this.#savepoint(fn);
  }

  async #savepoint<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    const { contexts, session } = this.#ground;
    const name = `corral_${(this.#ground.savepoints += 1)}`;
    const scope = new TxScope(this.#ground);
    const context: Context = { outer: contexts.current(), session: undefined, tx: scope };
    const outerChild = this.#child;
    const before = this.firstError;
    await this.#run(`SAVEPOINT ${name}`, undefined, {});
    this.#child = scope;
    try {
      const result = await contexts.run(context, () => fn(scope));
      const forgotten = scope.end();
      if (forgotten) throw forgotten;
      await this.#run(`RELEASE SAVEPOINT ${name}`, undefined, {});
      this.afterCommits.push(...scope.afterCommits);
      return result;
    } catch (error) {
      scope.end();
      if (session.lost === undefined && !this.signal.aborted) {
        await this.#run(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`, undefined, {});
        this.firstError = before;
      }
      throw error;
    } finally {
      this.#child = outerChild;
    }
  }

  #refusal(used: Error): TxClosedError | TxForeignContextError | undefined {
    if (this.#ended) return new TxClosedError('the transaction has ended', this.#beganAt(), site(used));
    const { contexts } = this.#ground;
    if (!contexts.available || isInside(contexts.current(), this)) return undefined;
    return new TxForeignContextError(this.#beganAt(), site(used));
  }

  #beganAt(): string {
    return site(this.#ground.began);
  }
}

function site(error: Error): string {
  return callSite(error.stack ?? '');
}

function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
