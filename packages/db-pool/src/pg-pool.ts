import type {
  Client,
  Pool as PgPoolType,
  PoolClient,
  PoolOptions as PgPoolOptions,
  QueryConfig,
  QueryResult,
} from 'pg';
import { isBroken } from './connection.ts';
import type { Core } from './core.ts';
import { Client as PgClientClass, PgPool } from './driver.ts';
import type { Session } from './session.ts';
import type { Borrow } from './tx.ts';
import type { Pool } from './types.ts';

type Reply<T> = (error: Error | undefined, value?: T) => void;
type ConnectReply = (error: Error | undefined, client: PoolClient | undefined, done: PoolClient['release']) => void;
interface Submittable {
  submit(connection: unknown): void;
}

/** What `EventEmitter` gives, through `pg.Pool`'s prototype. */
interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): boolean;
}

/**
 * The shape of `pg.Pool` over one of ours. `instanceof pg.Pool` holds, by the prototype chain; pg-pool's constructor never
 * runs and every member it would serve is defined here.
 */
class PgPoolFacade {
  readonly options: PgPoolOptions;
  readonly Client: typeof Client = PgClientClass;
  readonly Promise: PromiseConstructor = Promise;
  ending = false;
  ended = false;
  readonly #pool: Pool;
  readonly #core: Core;
  readonly #borrow: Borrow;

  constructor(pool: Pool, core: Core, borrow: Borrow) {
    this.#pool = pool;
    this.#core = core;
    this.#borrow = borrow;
    this.options = optionsOf(core);
    // Libraries ask for listeners before they trust a pool, and an `error` that nobody hears would end the process.
    this.#emitter.on('error', () => undefined);
    this.#emitter.on('connect', () => undefined);
    core.observer = {
      opened: (session) => this.#emitter.emit('connect', session.client),
      removed: (session) => this.#emitter.emit('remove', session.client),
      lost: (session, error) => this.#emitter.emit('error', error, session.client),
    };
  }

  get #emitter(): Emitter {
    return this as unknown as Emitter;
  }

  get totalCount(): number {
    return this.#core.sessions.size;
  }

  get idleCount(): number {
    return this.#core.idle.length;
  }

  get waitingCount(): number {
    return this.#core.waiters.size;
  }

  get expiredCount(): number {
    const nowMs = this.#core.now();
    return [...this.#core.sessions].filter((session) => nowMs >= session.expiresAtMs).length;
  }

  log(): void {}

  connect(reply?: ConnectReply): Promise<PoolClient> | undefined {
    const lent = this.#borrow({}).then((session) => this.#lend(session));
    if (reply === undefined) return lent;
    lent.then(
      (client) => later(() => reply(undefined, client, client.release)),
      (error: Error) => later(() => reply(error, undefined, () => undefined)),
    );
    return undefined;
  }

  query(text: string | QueryConfig | Submittable, values?: unknown, last?: Reply<QueryResult>): unknown {
    const reply = typeof values === 'function' ? (values as Reply<QueryResult>) : last;
    const list = typeof values === 'function' ? undefined : (values as unknown[] | undefined);
    const answer = isSubmittable(text) ? this.#submit(text) : this.#pool.query(text, list);
    if (reply === undefined) return answer;
    answer.then(
      (result) => later(() => reply(undefined, result)),
      (error: Error) => later(() => reply(error)),
    );
    return undefined;
  }

  end(reply?: () => void): Promise<void> | undefined {
    this.ending = true;
    const ended = this.#pool.close().then(() => {
      this.ended = true;
    });
    if (reply === undefined) return ended;
    void ended.then(() => later(reply));
    return undefined;
  }

  #lend(session: Session): PoolClient {
    const client = session.client as unknown as PoolClient;
    let released = false;
    client.release = (error?: Error | boolean) => {
      if (released) throw new Error('Release called on client which has already been released to the pool.');
      released = true;
      this.#emitter.emit('release', error, client);
      this.#core.release(session, isBroken(error));
    };
    this.#emitter.emit('acquire', client);
    return client;
  }

  /** A driver object that brings its own callback, such as `new pg.Query(...)`. */
  async #submit(query: Submittable): Promise<QueryResult> {
    const client = await this.#borrow({}).then((session) => this.#lend(session));
    return new Promise<QueryResult>((resolve, reject) => {
      const callback = (error: Error | undefined, result: QueryResult) => {
        client.release(error);
        if (error) reject(error);
        else resolve(result);
      };
      (client.query as unknown as (query: Submittable, callback: unknown) => void)(query, callback);
    });
  }
}

Object.setPrototypeOf(PgPoolFacade.prototype, PgPool.prototype);
// Some libraries compare the constructor's name.
Object.defineProperty(PgPoolFacade.prototype, 'constructor', { value: PgPool, enumerable: false });

export function asPgPool(pool: Pool, core: Core, borrow: Borrow): PgPoolType {
  return new PgPoolFacade(pool, core, borrow) as unknown as PgPoolType;
}

/** Read by libraries that open a client of their own beside the pool. Secrets are there for them, but not enumerable. */
function optionsOf(core: Core): PgPoolOptions {
  const { settings } = core;
  const { password, connectionString, ...rest } = settings.connection;
  const options = {
    ...rest,
    max: settings.size + settings.overflow,
    min: settings.minIdle,
    maxUses: Infinity,
    allowExitOnIdle: false,
    idleTimeoutMillis: settings.idleTimeoutMs,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    maxLifetimeSeconds: settings.recycleMs / 1_000,
  };
  for (const [key, value] of Object.entries({ password, connectionString })) {
    if (value !== undefined)
      Object.defineProperty(options, key, { value, enumerable: false, configurable: true, writable: true });
  }
  return options;
}

function isSubmittable(query: unknown): query is Submittable {
  return typeof (query as Submittable | undefined)?.submit === 'function';
}

/** A throwing callback belongs to its author: it ends up where a throwing listener would, not in a promise. */
function later(run: () => void): void {
  setImmediate(run);
}
