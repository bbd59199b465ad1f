import type { ClientConfig } from 'pg';
import type { PoolOptions, Settings } from './options.ts';

const PING_IDLE_MS = 500;
const PING_TIMEOUT_MS = 1_000;
const KEEP_ALIVE_MS = 10_000;

/** Checks every option and fills in the defaults. @throws {TypeError|RangeError} naming option and value. */
export function settingsOf(options: PoolOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('createPool: expected an object of options');
  const { connection, name = 'db-pool', size = 10, overflow = 10, overflowAfterMs = 50, minIdle = 0 } = options;
  const { acquireTimeoutMs = 5_000, connectTimeoutMs = 3_000, maxWaiting = 10_000, prePing = true } = options;
  const {
    recycleMs = 3_600_000,
    recycleJitter = 0.1,
    idleTimeoutMs = 600_000,
    reset = 'tx',
    pooler = 'none',
  } = options;
  const { timeouts = {}, pipeline = false, leak = {}, nested = 'warn', backoff = {}, onConnect, onEvent } = options;
  // Read once: on the global object it is a getter, and a checkout looks at the clock twice.
  const clock = performance;
  const { now = () => clock.now() } = options;
  const { minMs = 20, maxMs = 250 } = backoff;
  const { warnMs = 30_000, stacks = 'sample' } = leak;
  const ping = pingOf(prePing);
  const depth = pipeline === false ? 1 : pipeline?.depth;

  whole('size', size, 1);
  whole('overflow', overflow, 0);
  whole('minIdle', minIdle, 0);
  if (minIdle > size) throw new RangeError(`minIdle: expected at most size (${size}), got ${minIdle}`);
  if (maxWaiting !== Infinity) whole('maxWaiting', maxWaiting, 0);
  whole('pipeline.depth', depth, 1);
  if (!(recycleJitter >= 0 && recycleJitter <= 1)) {
    throw new RangeError(`recycleJitter: expected a number from 0 to 1, got ${recycleJitter}`);
  }
  duration('overflowAfterMs', overflowAfterMs);
  duration('acquireTimeoutMs', acquireTimeoutMs);
  duration('connectTimeoutMs', connectTimeoutMs, 1);
  duration('recycleMs', recycleMs, 1);
  duration('idleTimeoutMs', idleTimeoutMs, 1);
  duration('prePing.idleMs', ping.idleMs);
  duration('prePing.timeoutMs', ping.timeoutMs, 1);
  duration('leak.warnMs', warnMs, 1);
  duration('backoff.minMs', minMs, 1);
  duration('backoff.maxMs', maxMs, minMs);
  for (const key of ['statementMs', 'idleInTransactionMs', 'lockMs'] as const) {
    duration(`timeouts.${key}`, timeouts[key] ?? Infinity, 1);
  }
  choice('reset', reset, ['tx', 'clean', 'discard'], 'function');
  choice('pooler', pooler, ['none', 'pgbouncer-transaction']);
  choice('leak.stacks', stacks, ['always', 'sample', 'never']);
  choice('nested', nested, ['error', 'warn', 'allow']);
  for (const [key, value] of Object.entries({ onConnect, onEvent, now })) {
    if (value !== undefined && typeof value !== 'function') throw new TypeError(`${key}: expected a function`);
  }

  const bouncer = pooler === 'pgbouncer-transaction';
  if (bouncer && (reset === 'clean' || reset === 'discard')) {
    throw new TypeError(
      `reset: '${reset}' means nothing behind a transaction pooler, which gives each transaction any server connection; use 'tx'`,
    );
  }
  const config = clientConfig(connection, name);
  const ownTimeout = config.query_timeout ?? Infinity;
  const { statementMs = ownTimeout, idleInTransactionMs = Infinity, lockMs = Infinity } = timeouts;
  // pg's own read time-out leaves the statement running and hands its answer to the next one: ours cancels.
  delete config.query_timeout;
  if (!bouncer) {
    if (Number.isFinite(statementMs)) config.statement_timeout = statementMs;
    if (Number.isFinite(lockMs)) config.lock_timeout = lockMs;
    if (Number.isFinite(idleInTransactionMs)) config.idle_in_transaction_session_timeout = idleInTransactionMs;
  }
  if (pipeline !== false) config.pipeline = true;

  return {
    connection: config,
    name,
    size,
    overflow,
    overflowAfterMs,
    minIdle,
    acquireTimeoutMs,
    connectTimeoutMs,
    maxWaiting,
    pingAfterIdleMs: ping.idleMs,
    pingTimeoutMs: ping.timeoutMs,
    recycleMs,
    recycleJitter,
    idleTimeoutMs,
    reset,
    statementMs,
    idleInTransactionMs,
    lockMs,
    bouncer,
    depth,
    leakWarnMs: warnMs,
    stacks,
    nested,
    backoff: { minMs, maxMs },
    onConnect,
    now,
    onEvent,
  };
}

function clientConfig(connection: string | ClientConfig, name: string): ClientConfig {
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null)) {
    throw new TypeError('connection: expected a connection string or the options of pg.Client');
  }
  if (connection === '') throw new TypeError('connection: expected a connection string, got an empty one');
  const given: ClientConfig = typeof connection === 'string' ? { connectionString: connection } : connection;
  return { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS, fallback_application_name: name, ...given };
}

function pingOf(prePing: NonNullable<PoolOptions['prePing']>): { idleMs: number; timeoutMs: number } {
  if (prePing === true) return { idleMs: PING_IDLE_MS, timeoutMs: PING_TIMEOUT_MS };
  if (prePing === false) return { idleMs: Infinity, timeoutMs: PING_TIMEOUT_MS };
  if (prePing === 'always') return { idleMs: 0, timeoutMs: PING_TIMEOUT_MS };
  if (typeof prePing !== 'object' || prePing === null) {
    throw new TypeError(`prePing: expected true, false, 'always' or { idleMs, timeoutMs }, got ${String(prePing)}`);
  }
  const { idleMs = PING_IDLE_MS, timeoutMs = PING_TIMEOUT_MS } = prePing;
  return { idleMs, timeoutMs };
}

export function whole(name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new RangeError(`${name}: expected an integer >= ${least}, got ${String(value)}`);
  }
}

/** A number of milliseconds; `Infinity` is never. */
export function duration(name: string, value: unknown, least = 0): asserts value is number {
  if (typeof value !== 'number' || !(value >= least)) {
    throw new RangeError(`${name}: expected milliseconds >= ${least}, got ${String(value)}`);
  }
}

function choice(name: string, value: unknown, allowed: readonly string[], type?: 'function'): void {
  if (typeof value === type || allowed.includes(value as string)) return;
  throw new TypeError(
    `${name}: expected ${allowed.map((one) => `'${one}'`).join(', ')}${type ? ` or a ${type}` : ''}, got ${String(value)}`,
  );
}
