import { createAnswers } from './answers.ts';
import type { TtlCache } from './cache.ts';
import { Entries } from './entries.ts';
import { createEmit, type TierOperation } from './events.ts';
import { Loads } from './loads.ts';
import { readOptions, type TtlCacheOptions } from './options.ts';
import { createCounts } from './stats.ts';
import { TierCalls } from './tier-calls.ts';
import { TierLink, tierKey } from './tier-link.ts';

/**
 * Makes a bounded cache in memory whose entries expire and whose loads are shared. Keys are compared as a `Map` does.
 * @throws {RangeError | TypeError} An option has a wrong value; the message names both.
 */
export function createTtlCache<Value, Key = string>(options: TtlCacheOptions<Value, Key>): TtlCache<Value, Key> {
  const settings = readOptions(options);
  const counts = createCounts();
  const emit = createEmit(settings.onEvent);
  const entries = new Entries(settings, counts, emit);
  const tierFailed = (operation: TierOperation, error: unknown) => {
    counts.tierErrors++;
    emit(() => ({ type: 'tierError', operation, error }));
  };
  const link =
    settings.tier &&
    new TierLink(settings.tier, {
      failed: tierFailed,
      caughtUp: (keys, cleared) => emit(() => ({ type: 'tierCaughtUp', keys, cleared })),
    });
  const tierCalls = link && new TierCalls(link, settings.loadTimeoutMs, tierFailed);
  const { store, time, quickLifeMs } = entries;
  const loads = new Loads(settings, entries, tierCalls, counts, emit);
  const { get, has, lookup, getOrLoad, refresh } = createAnswers(settings, entries, loads, counts);

  function set(key: Key, value: Value, options?: { ttlMs?: number | undefined }): void {
    // Under load, and nothing else to look after.
    if (store.setsLeft > 0 && options === undefined && value !== undefined) {
      store.setsLeft--;
      const slot = store.index.get(key);
      if (slot === undefined) return insertQuickly(key, value);
      store.values[slot] = value;
      store.marks[slot] = store.epoch;
      store.expiresAt[slot] = store.quickEndMs;
      if (store.births !== undefined) store.births[slot] = time.recentMs;
      return;
    }
    setClosely(key, value, options);
  }

  function setClosely(key: Key, value: Value, options: { ttlMs?: number | undefined } | undefined): void {
    if (store.setsLeft === 0 && time.isCoarse && entries.maySetQuickly()) {
      time.now();
      if (store.setsLeft > 0) return set(key, value, options);
    }
    setSlowly(key, value, options?.ttlMs);
  }

  function insertQuickly(key: Key, value: Value): void {
    store.insert(key, value, time.recentMs, quickLifeMs, 0);
    if (!time.sweepPlanned) entries.planSweep(quickLifeMs);
  }

  function setSlowly(key: Key, value: Value, ttlMs: number | undefined): void {
    if (value === undefined) throw new TypeError('value: undefined cannot be stored; delete(key) removes');
    const lifeMs = entries.lifeMs(key, value, ttlMs);
    const own = entries.copy(value);
    const shared = link && tierKey(key);
    loads.detach(key);
    if (!entries.keep(key, own, lifeMs)) tellTooLarge(key);
    if (link !== undefined && shared !== undefined) setInTier(link, shared, value, lifeMs);
    entries.tellRemovals();
  }

  function tellTooLarge(key: Key): void {
    counts.discarded++;
    emit(() => ({ type: 'discarded', key, reason: 'tooLarge' }));
  }

  function deleteHere(key: Key): boolean {
    // Before anything is told: a listener may come back with the same key.
    loads.detach(key);
    const held = entries.invalidate(key);
    emit(() => ({ type: 'deleted', key }));
    entries.tellRemovals();
    return held;
  }

  function clearHere(): void {
    loads.detachAll();
    const removed = entries.clear();
    emit(() => ({ type: 'cleared', entries: removed }));
    entries.tellRemovals();
  }

  function close(): void {
    if (entries.closed) return;
    loads.detachAll();
    link?.close();
    entries.close();
    entries.tellRemovals();
  }

  return new Facade({
    get,
    lookup,
    set,
    getOrLoad,
    refresh,
    settled: () => link?.settled() ?? Promise.resolve(),
    delete(key) {
      link?.delete(tierKey(key));
      return deleteHere(key);
    },
    clear() {
      link?.clear();
      clearHere();
    },
    local: { delete: deleteHere, clear: clearHere },
    has,
    keys: () => store.index.keys(),
    gauges: store,
    stats: () =>
      Object.freeze({ ...counts, hits: store.hits, misses: store.misses, size: store.index.size, bytes: store.bytes }),
    close,
  });
}

function setInTier<Value>(link: TierLink<Value>, key: string, value: Value, ttlMs: number): void {
  if (ttlMs > 0) link.set(key, { value, ttlMs });
  else link.delete(key);
}

interface Parts<Value, Key> extends Omit<TtlCache<Value, Key>, 'size' | 'bytes' | typeof Symbol.dispose> {
  readonly gauges: { readonly index: { readonly size: number }; readonly bytes: number };
}

/**
 * The cache as its user holds it. A class, because V8 keeps an object literal that has accessors as a dictionary: finding
 * `get` in one takes as long as all that a hit does.
 */
class Facade<Value, Key> implements TtlCache<Value, Key> {
  readonly get: TtlCache<Value, Key>['get'];
  readonly lookup: TtlCache<Value, Key>['lookup'];
  readonly set: TtlCache<Value, Key>['set'];
  readonly getOrLoad: TtlCache<Value, Key>['getOrLoad'];
  readonly refresh: TtlCache<Value, Key>['refresh'];
  readonly settled: TtlCache<Value, Key>['settled'];
  readonly delete: TtlCache<Value, Key>['delete'];
  readonly clear: TtlCache<Value, Key>['clear'];
  readonly local: TtlCache<Value, Key>['local'];
  readonly has: TtlCache<Value, Key>['has'];
  readonly keys: TtlCache<Value, Key>['keys'];
  readonly stats: TtlCache<Value, Key>['stats'];
  readonly close: TtlCache<Value, Key>['close'];
  readonly #gauges: Parts<Value, Key>['gauges'];

  constructor(parts: Parts<Value, Key>) {
    this.get = parts.get;
    this.lookup = parts.lookup;
    this.set = parts.set;
    this.getOrLoad = parts.getOrLoad;
    this.refresh = parts.refresh;
    this.settled = parts.settled;
    this.delete = parts.delete;
    this.clear = parts.clear;
    this.local = parts.local;
    this.has = parts.has;
    this.keys = parts.keys;
    this.stats = parts.stats;
    this.close = parts.close;
    this.#gauges = parts.gauges;
  }

  get size(): number {
    return this.#gauges.index.size;
  }

  get bytes(): number {
    return this.#gauges.bytes;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
