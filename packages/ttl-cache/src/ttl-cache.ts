import { createAnswers } from './answers.ts';
import type { SetOptions, TtlCache } from './cache.ts';
import { Entries } from './entries.ts';
import { createEmit, type TierOperation } from './events.ts';
import { Facade } from './facade.ts';
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
  const { store, time } = entries;
  const loads = new Loads(settings, entries, tierCalls, counts, emit);
  const answers = createAnswers(settings, entries, loads, counts);

  function setClosely(key: Key, value: Value, options: SetOptions | undefined): void {
    // Opens the quick way for the next calls; this one goes the slow way.
    if (store.setsLeft === 0 && time.isCoarse && entries.maySetQuickly()) time.now();
    setSlowly(key, value, options?.ttlMs);
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
    ...answers,
    store,
    setClosely,
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
    keys: () => store.index.keys(),
    stats: () => {
      const { hits, misses, evicted, expired, index, bytes } = store;
      return Object.freeze({ ...counts, hits, misses, evicted, expired, size: index.size, bytes });
    },
    close,
  });
}

function setInTier<Value>(link: TierLink<Value>, key: string, value: Value, ttlMs: number): void {
  if (ttlMs > 0) link.set(key, { value, ttlMs });
  else link.delete(key);
}
