import { type Backend, type Context, type LimiterState } from './backend.ts';
import { boundedKey } from './bounded-key.ts';
import type { Decision } from './decision.ts';
import { type Check, Engine } from './engine.ts';
import { Emitter, type RateLimitEvent } from './events.ts';
import { createLocalBackend } from './local-backend.ts';
import { integer, nameRules, type NamedRule, type Rule, shown } from './rules.ts';
import { createSharedBackend, type SharedOptions } from './shared-backend.ts';
import { createCounters, type RateLimitStats } from './stats.ts';
import type { Store } from './store.ts';

export interface RateLimiterOptions {
  /** One rule or several; with several a check passes all of them or is charged to none. */
  rules: Rule | readonly Rule[];
  /** Where the counts are: this process (default), or a store that many share, e.g. `createRedisStore(redis)`. */
  store?: Store | undefined;
  /**
   * Among how many processes an outage divides the limits: a number from 1, a function, or `auto` (default): those that have
   * sent heartbeats to the store, as last counted, 1 until known.
   */
  workers?: number | 'auto' | (() => number) | undefined;
  /** While the store is away: `local` (default) admits this process's share, `open` everything, `closed` nothing. */
  onUnavailable?: 'local' | 'open' | 'closed' | undefined;
  /** How long a check waits for the store, milliseconds, 1 to 60_000 (default 50). Then this process answers, and stops asking. */
  timeoutMs?: number | undefined;
  /** Remember denials by the store until they run out (default, 10_000 keys), at most `max`, or not at all. */
  denyCache?: boolean | { max: number } | undefined;
  /** The most keys this process holds (default 50_000, minimum 1). At the bound a new key is refused until one runs out. */
  maxKeys?: number | undefined;
  /** Count and report, but never deny (default false). */
  shadow?: boolean | undefined;
  /** A rejected check counts like an admitted one (default false), so that a caller who does not stop stays out. */
  penalizeRejected?: boolean | undefined;
  /** Milliseconds of a monotonic clock; default `performance.now`. */
  now?: (() => number) | undefined;
  /** Called synchronously; what it throws is ignored. */
  onEvent?: ((event: RateLimitEvent) => void) | undefined;
}

export interface ConsumeOptions {
  /** Units of this check, an integer of at least 1 (default 1). */
  cost?: number | undefined;
  /** Other limits for this check, by rule name, e.g. those of the caller's plan. */
  limits?: Readonly<Record<string, number>> | undefined;
}

export interface RateLimiter extends AsyncDisposable {
  readonly rules: readonly NamedRule[];
  readonly state: LimiterState;
  /** Resolves once the store has answered; at once without a store. */
  ready(): Promise<void>;
  /**
   * Charges `cost` units to every rule or to none. Never rejects for trouble of the store.
   * @throws {TypeError | RangeError} (as a rejection) `key`, `cost` or `limits` is no such thing; nothing is charged.
   */
  consume(key: string, options?: ConsumeOptions): Promise<Decision>;
  /** What a check of one unit would be answered; charges nothing. */
  peek(key: string): Promise<Decision>;
  /** Gives units back (default 1), the newest first. Never more than were charged. */
  refund(key: string, cost?: number): Promise<void>;
  /** Forgets a key, its block too. */
  reset(key: string): Promise<void>;
  /** Denies a key for `ms` milliseconds, in place of an earlier block; 0 lifts it. */
  block(key: string, ms: number): Promise<void>;
  /** Changes the rules from the next check on. What was counted stays, under rules of the same name and algorithm. */
  update(rules: Rule | readonly Rule[]): void;
  stats(): RateLimitStats;
  /** Ends timers. The store stays open: who made it closes it. Idempotent. */
  close(): Promise<void>;
}

const MAX_COST = 1e12;

/** Makes a limiter. @throws {TypeError | RangeError} An option is wrong; the message names it and its value. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const {
    maxKeys = 50_000,
    shadow = false,
    penalizeRejected = false,
    now = () => performance.now(),
    onEvent,
  } = options;
  integer('maxKeys', maxKeys, 1, 2 ** 24);
  const rules = nameRules(options.rules);
  const shared = sharedOptions(options);
  const context: Context = {
    rules,
    engine: new Engine(rules, maxKeys),
    counters: createCounters(),
    emitter: new Emitter(onEvent),
    now,
    ownClock: options.now !== undefined,
    shadow,
    penalizeRejected,
    maxKeys,
  };
  return wrap(context, shared === undefined ? createLocalBackend(context) : createSharedBackend(context, shared));
}

function sharedOptions(options: RateLimiterOptions): SharedOptions | undefined {
  const { store, workers = 'auto', onUnavailable = 'local', timeoutMs = 50, denyCache = true } = options;
  if (workers !== 'auto' && typeof workers !== 'function') integer('workers', workers, 1, 1e6);
  if (!['local', 'open', 'closed'].includes(onUnavailable)) {
    throw new RangeError(`onUnavailable: expected local, open or closed, got ${shown(onUnavailable)}`);
  }
  integer('timeoutMs', timeoutMs, 1, 60_000);
  const maxDenials =
    typeof denyCache === 'boolean' ? (denyCache ? 10_000 : 0) : integer('denyCache.max', denyCache.max, 0, 2 ** 24);
  if (store === undefined) return undefined;
  if (typeof (store as Partial<Store>).check !== 'function') {
    throw new TypeError(`store: expected a store, e.g. createRedisStore(redis), got ${shown(store)}`);
  }
  return { store, workers, onUnavailable, timeoutMs, maxDenials };
}

function readOptions({ cost = 1, limits }: ConsumeOptions): Check {
  if (cost !== 1) integer('cost', cost, 1, MAX_COST);
  return { cost, limits };
}

function wrap(context: Context, backend: Backend): RateLimiter {
  /** Bad input is a rejection: a promise function never throws. */
  const guarded = <T>(key: string, work: (key: string) => T | Promise<T>): Promise<T> => {
    try {
      return Promise.resolve(work(boundedKey(key)));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  // The hot path: what `guarded` does, without a closure for each check.
  const consume = (key: string, options?: ConsumeOptions): Promise<Decision> => {
    try {
      const bounded = boundedKey(key);
      if (options === undefined) return backend.consumePlain(bounded);
      const check = readOptions(options);
      if (check.cost === 1 && check.limits === undefined) return backend.consumePlain(bounded);
      return Promise.resolve(backend.consume(bounded, check));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const close = async (): Promise<void> => backend.close();
  // On a prototype: V8 keeps an object literal that has accessors as a dictionary, which each check would search for `consume`.
  const readings = {
    get rules() {
      return context.rules;
    },
    get state() {
      return backend.state;
    },
  };
  return Object.assign(Object.create(readings) as typeof readings, {
    ready: () => backend.ready(),
    consume,
    peek: (key: string) => guarded(key, (bounded) => backend.peek(bounded)),
    refund: (key: string, cost = 1) =>
      guarded(key, (bounded) => backend.refund(bounded, integer('cost', cost, 1, MAX_COST))),
    reset: (key: string) => guarded(key, (bounded) => backend.reset(bounded)),
    block: (key: string, ms: number) =>
      guarded(key, (bounded) => {
        if (!(ms >= 0 && ms <= 1e12)) throw new RangeError(`ms: expected 0 to 1e12 milliseconds, got ${shown(ms)}`);
        return backend.block(bounded, ms);
      }),
    update(input: Rule | readonly Rule[]) {
      context.rules = nameRules(input);
      backend.useRules(context.rules);
    },
    stats: () => Object.freeze({ ...context.counters, keys: context.engine.table.size, workers: backend.workers }),
    close,
    [Symbol.asyncDispose]: close,
  });
}
