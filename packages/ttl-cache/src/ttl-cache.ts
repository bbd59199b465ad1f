import { createAnswers } from './answers.ts';
import type { TtlCache } from './cache.ts';
import { Entries } from './entries.ts';
import { createEmit } from './events.ts';
import { Loads } from './loads.ts';
import { readOptions, type TtlCacheOptions } from './options.ts';
import { createCounts } from './stats.ts';
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
  const link =
    settings.tier &&
    new TierLink(settings.tier, {
      failed(operation, error) {
        counts.tierErrors++;
        emit(() => ({ type: 'tierError', operation, error }));
      },
      caughtUp: (keys, cleared) => emit(() => ({ type: 'tierCaughtUp', keys, cleared })),
    });
  const { store, time, backoff, quickLifeMs } = entries;
  const loads = new Loads(settings, entries, link, counts, emit);
  const { get, has, lookup, getOrLoad, refresh } = createAnswers(settings, entries, loads, counts);

  function set(key: Key, value: Value, options?: { ttlMs?: number | undefined }): void {
    if (options === undefined && value !== undefined && quickLifeMs > 0 && loads.idle && backoff.size === 0) {
      const slot = store.index.get(key);
      if (slot !== undefined) {
        store.overwrite(key, slot, value, time.birth(quickLifeMs), quickLifeMs);
        if (!time.sweepPlanned) entries.planSweep(quickLifeMs);
        return;
      }
    }
    setSlowly(key, value, options?.ttlMs);
  }

  function setSlowly(key: Key, value: Value, ttlMs: number | undefined): void {
    if (value === undefined) throw new TypeError('value: undefined cannot be stored; delete(key) removes');
    const lifeMs = entries.lifeMs(key, value, ttlMs);
    const own = entries.copy(value);
    const shared = link && tierKey(key);
    loads.detach(key);
    if (!entries.keep(key, own, lifeMs)) {
      counts.discarded++;
      emit(() => ({ type: 'discarded', key, reason: 'tooLarge' }));
    }
    if (shared !== undefined && lifeMs > 0) link?.set(shared, { value, ttlMs: lifeMs });
    else if (shared !== undefined) link?.delete(shared);
    entries.tellRemovals();
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

  return {
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
    get size() {
      return store.index.size;
    },
    get bytes() {
      return store.bytes;
    },
    stats: () => Object.freeze({ ...counts, size: store.index.size, bytes: store.bytes }),
    close,
    [Symbol.dispose]: close,
  };
}
