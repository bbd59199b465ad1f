import type { CacheEvent } from './events.ts';
import type { EvictReason } from './store.ts';
import type { Tier } from './tier.ts';

export interface TtlCacheOptions<Value, Key = string> {
  /** How long a value is fresh, in milliseconds, any length; `Infinity`: for ever; 0: loads are shared, nothing is stored. */
  ttlMs: number | ((value: Value, key: Key) => number);
  /** 0..1: shortens each life by a random share up to this, so that what was stored together does not expire together. Default 0. */
  jitter?: number | undefined;
  /** At most so many entries; more push out the least useful. Default 10_000; `Infinity`: no bound. */
  maxEntries?: number | undefined;
  /** At most so much by `sizeOf`; a value that is larger alone is not stored. Default `Infinity`. */
  maxBytes?: number | undefined;
  /** The size of a value, in bytes or any unit of yours; rounded up to a whole number. */
  sizeOf?: ((value: Value, key: Key) => number) | undefined;
  /** How long "the loader returned `undefined`" is remembered. Default 0: not at all. */
  negativeTtlMs?: number | undefined;
  /** For so long after expiry callers get the old value at once, while one reload runs. Default 0. */
  staleWhileRevalidateMs?: number | undefined;
  /** For so long after expiry the old value answers when its reload fails. Default 0. */
  staleIfErrorMs?: number | undefined;
  /** A `getOrLoad` that hits this close to expiry starts one reload in the background. Default 0: never. */
  refreshAheadMs?: number | undefined;
  /** With an old value within its windows at hand, wait no longer than this for its reload. Default `Infinity`. */
  softTimeoutMs?: number | undefined;
  /** The pause after a failed reload that an old value covered; doubles with each further failure, up to the TTL. Default 1_000. */
  retryMs?: number | undefined;
  /** A loader gets so long; then all who wait get `LoadTimeoutError` and the key is free. Default 30_000. */
  loadTimeoutMs?: number | undefined;
  /** Copies on store and on every read, so that no caller sees another's changes. Default: none, all share one object. */
  clone?: 'structured' | ((value: Value) => Value) | undefined;
  /** How often expired entries are looked for. Default 300_000; 0 or `Infinity`: only when they are asked for. */
  reapIntervalMs?: number | undefined;
  /** A second tier behind the memory, shared by processes. Keys must then be strings or numbers. */
  tier?: Tier<Value> | undefined;
  /** A monotonic clock in milliseconds. Read for every decision; without it, a busy cache reads the time at most every 8 ms. */
  now?: (() => number) | undefined;
  /** Called synchronously; what it throws is dropped. */
  onEvent?: ((event: CacheEvent<Key>) => void) | undefined;
  /** Called for each value that is no longer held, after the change is complete; may use the cache; what it throws is dropped. */
  onEvict?: ((key: Key, value: Value, reason: EvictReason) => void) | undefined;
}

/** The options with their defaults, checked. */
export interface Settings<Value, Key> {
  readonly ttlMs: number | ((value: Value, key: Key) => number);
  readonly jitter: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly sizeOf: ((value: Value, key: Key) => number) | undefined;
  readonly negativeTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly refreshAheadMs: number;
  readonly softTimeoutMs: number;
  readonly retryMs: number;
  readonly loadTimeoutMs: number;
  readonly clone: ((value: Value) => Value) | undefined;
  readonly reapIntervalMs: number;
  readonly tier: Tier<Value> | undefined;
  readonly now: (() => number) | undefined;
  readonly onEvent: ((event: CacheEvent<Key>) => void) | undefined;
  readonly onEvict: ((key: Key, value: Value, reason: EvictReason) => void) | undefined;
}

/** @throws {RangeError | TypeError} An option has a wrong value; the message names both. */
export function readOptions<Value, Key>(options: TtlCacheOptions<Value, Key>): Settings<Value, Key> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options: expected an object, got ${shown(options)}`);
  const { ttlMs, jitter = 0, maxEntries = 10_000, maxBytes = Infinity, sizeOf, negativeTtlMs = 0 } = options;
  const { staleWhileRevalidateMs = 0, staleIfErrorMs = 0, refreshAheadMs = 0, softTimeoutMs = Infinity } = options;
  const { retryMs = 1_000, loadTimeoutMs = 30_000, clone, reapIntervalMs = 300_000, tier } = options;
  const { now, onEvent, onEvict } = options;

  if (typeof ttlMs !== 'function') checkDuration('ttlMs', ttlMs);
  if (!(typeof jitter === 'number' && jitter >= 0 && jitter <= 1)) {
    throw wrong('jitter', 'a number from 0 to 1', jitter);
  }
  if (maxEntries !== Infinity && !(Number.isSafeInteger(maxEntries) && maxEntries >= 1)) {
    throw wrong('maxEntries', 'an integer >= 1 or Infinity', maxEntries);
  }
  if (!(typeof maxBytes === 'number' && maxBytes > 0)) throw wrong('maxBytes', 'a number > 0', maxBytes);
  checkFunction('sizeOf', sizeOf);
  if (maxBytes !== Infinity && sizeOf === undefined) {
    throw new TypeError('sizeOf: maxBytes needs a sizeOf(value, key) that tells how large a value is');
  }
  checkDuration('negativeTtlMs', negativeTtlMs);
  checkDuration('staleWhileRevalidateMs', staleWhileRevalidateMs);
  checkDuration('staleIfErrorMs', staleIfErrorMs);
  checkDuration('refreshAheadMs', refreshAheadMs);
  checkDuration('softTimeoutMs', softTimeoutMs);
  checkDuration('retryMs', retryMs);
  if (!(typeof loadTimeoutMs === 'number' && loadTimeoutMs > 0))
    throw wrong('loadTimeoutMs', 'a number > 0', loadTimeoutMs);
  if (clone !== 'structured') checkFunction('clone', clone, "'structured' or a function");
  checkDuration('reapIntervalMs', reapIntervalMs);
  if (tier !== undefined && !isTier(tier)) throw wrong('tier', 'an object with get, set, delete and clear', tier);
  checkFunction('now', now);
  checkFunction('onEvent', onEvent);
  checkFunction('onEvict', onEvict);

  return {
    ttlMs,
    jitter,
    maxEntries,
    maxBytes,
    sizeOf,
    negativeTtlMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    refreshAheadMs,
    softTimeoutMs,
    retryMs,
    loadTimeoutMs,
    clone: clone === 'structured' ? (value) => structuredClone(value) : clone,
    reapIntervalMs: reapIntervalMs === 0 ? Infinity : reapIntervalMs,
    tier,
    now,
    onEvent,
    onEvict,
  };
}

export const durations = 'a number of milliseconds >= 0';

/** @throws {RangeError | TypeError} `value` is no duration: a number of milliseconds from 0, `Infinity` included. */
export function checkDuration(name: string, value: unknown): asserts value is number {
  if (!(typeof value === 'number' && value >= 0)) throw wrong(name, durations, value);
}

function checkFunction(name: string, value: unknown, expected = 'a function'): void {
  if (value !== undefined && typeof value !== 'function') throw wrong(name, expected, value);
}

function isTier(tier: unknown): boolean {
  if (typeof tier !== 'object' || tier === null) return false;
  return ['get', 'set', 'delete', 'clear'].every(
    (name) => typeof (tier as Record<string, unknown>)[name] === 'function',
  );
}

/** A number out of range is a `RangeError`, anything else a `TypeError`. */
export function wrong(name: string, expected: string, value: unknown): Error {
  const message = `${name}: expected ${expected}, got ${shown(value)}`;
  return typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
