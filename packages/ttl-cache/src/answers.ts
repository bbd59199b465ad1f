import type { GetOrLoadOptions, Lookup } from './cache.ts';
import type { Entries } from './entries.ts';
import { LoadRecursionError } from './errors.ts';
import type { Parts } from './facade.ts';
import type { Loader } from './load.ts';
import { rejected, type Loads } from './loads.ts';
import { durations, wrong, type Settings } from './options.ts';
import type { Counts } from './stats.ts';
import { seen } from './slots.ts';
import { startTimer } from './timer.ts';

/** What a reader gets: the fresh value, an old one within its windows, or a load to wait for; and what that counts as. */
export function createAnswers<Value, Key>(
  settings: Settings<Value, Key>,
  entries: Entries<Value, Key>,
  loads: Loads<Value, Key>,
  counts: Counts,
): Pick<Parts<Value, Key>, 'getClosely' | 'has' | 'lookup' | 'getOrLoad' | 'refresh'> {
  const { refreshAheadMs, staleWhileRevalidateMs, softTimeoutMs } = settings;
  const { store, time, backoff } = entries;
  const copies = settings.clone !== undefined;

  function getClosely(key: Key, slot: number): Value | undefined {
    const value = store.values[slot];
    if (store.expiresAt[slot]! > store.markAboveMs && store.hitsLeft > 0 && value !== undefined) {
      store.hitsLeft--;
      store.mark(slot, store.epoch);
      return value;
    }
    if (store.hitsLeft === 0) time.now();
    if (isFresh(slot)) return entries.copy(take(slot));
    store.misses++;
    dropIfDead(key, slot);
    return undefined;
  }

  function has(key: Key): boolean {
    const slot = store.index.get(key);
    return slot !== undefined && store.values[slot] !== undefined && isFresh(slot);
  }

  function lookup(key: Key): Lookup<Value> {
    const slot = store.index.get(key);
    const nowMs = time.now();
    if (slot === undefined || store.isDead(slot, nowMs)) return { state: 'miss', ageMs: 0 };
    const fresh = nowMs < store.expiresAt[slot]!;
    const ageMs = nowMs - store.bornAt(slot);
    const value = entries.copy(store.values[slot]);
    if (value !== undefined) return { state: fresh ? 'hit' : 'stale', value, ageMs };
    return fresh ? { state: 'negative', ageMs } : { state: 'miss', ageMs: 0 };
  }

  function getOrLoad(key: Key, load: Loader<Value, Key>, options?: GetOrLoadOptions): Promise<Value | undefined> {
    if (options === undefined) {
      const { latest } = loads;
      if (latest !== undefined && latest.key === key) {
        const shared = latest.crowd ?? loads.lateCrowd(latest);
        if (shared !== undefined) {
          store.misses++;
          counts.joined++;
          return copied(shared);
        }
      }
    } else if (options.signal?.aborted) return rejected(options.signal.reason);
    const slot = store.index.get(key);
    if (slot === undefined) return wait(key, load, options, true);
    if (store.marks[slot] === store.epoch && store.hitsLeft > 0) {
      store.hitsLeft--;
      return Promise.resolve(store.values[slot]);
    }
    if (store.hitsLeft === 0) time.now();
    if (!isFresh(slot)) return getOrReload(key, slot, load, options);
    if (refreshAheadMs > 0) refreshAhead(key, slot, load, options);
    return answer(take(slot));
  }

  function refresh(key: Key, load: Loader<Value, Key>, options?: GetOrLoadOptions): Promise<Value | undefined> {
    if (options?.signal?.aborted) return rejected(options.signal.reason);
    if (loads.isWithin(key)) return rejected(new LoadRecursionError(key));
    return copied(board(key, load, options, Infinity));
  }

  function isFresh(slot: number): boolean {
    return isBefore(store.expiresAt[slot]!);
  }

  function isBefore(momentMs: number): boolean {
    return (time.recentMs + time.exactBelowMs < momentMs && --time.looksLeft > 0) || time.now() < momentMs;
  }

  /** What a hit does: a mark for the eviction, which spares the next look where it can, and one counter. */
  function take(slot: number): Value | undefined {
    const value = store.values[slot];
    const quick = value !== undefined && store.expiresAt[slot]! > store.markAboveMs;
    store.mark(slot, quick ? store.epoch : seen);
    if (value === undefined) counts.negativeHits++;
    else store.hitsBefore++;
    return value;
  }

  function takeStale(slot: number): Promise<Value | undefined> {
    store.mark(slot, seen);
    counts.staleHits++;
    return answer(store.values[slot]);
  }

  function getOrReload(
    key: Key,
    slot: number,
    load: Loader<Value, Key>,
    options: GetOrLoadOptions | undefined,
  ): Promise<Value | undefined> {
    if (dropIfDead(key, slot) || store.values[slot] === undefined) {
      return wait(key, load, options, false);
    }
    const nowMs = time.now();
    const pausing = backoff.isPausing(key, nowMs);
    if (nowMs < store.expiresAt[slot]! + staleWhileRevalidateMs) {
      const answer = takeStale(slot);
      if (!pausing) reload(key, load, options, 0);
      return answer;
    }
    return pausing ? takeStale(slot) : waitCovered(key, load, options);
  }

  function refreshAhead(key: Key, slot: number, load: Loader<Value, Key>, options?: GetOrLoadOptions): void {
    if (isBefore(store.expiresAt[slot]! - refreshAheadMs) || store.values[slot] === undefined) return;
    if (!backoff.isPausing(key, time.now())) reload(key, load, options, refreshAheadMs);
  }

  /** One reload in the background. Its failure is told by event and by the back-off. */
  function reload(key: Key, loader: Loader<Value, Key>, options: GetOrLoadOptions | undefined, minTtlMs: number): void {
    if (loads.isRunning(key)) return;
    void loads.start(key, { loader, ttlMs: options?.ttlMs, minTtlMs, background: true });
  }

  function board(
    key: Key,
    loader: Loader<Value, Key>,
    options: GetOrLoadOptions | undefined,
    minTtlMs: number,
  ): Promise<Value | undefined> {
    return loads.isRunning(key) ? loads.join(key, options?.signal) : begin(key, loader, options, minTtlMs, false);
  }

  /** Starts a load; none runs for the key. */
  function begin(
    key: Key,
    loader: Loader<Value, Key>,
    options: GetOrLoadOptions | undefined,
    minTtlMs: number,
    cold: boolean,
  ): Promise<Value | undefined> {
    const ttlMs = options?.ttlMs;
    if (ttlMs !== undefined && !(ttlMs >= 0)) return rejected(wrong('ttlMs', durations, ttlMs));
    return loads.start(key, { loader, ttlMs, minTtlMs, background: false, cold }, options?.signal);
  }

  function wait(
    key: Key,
    load: Loader<Value, Key>,
    options: GetOrLoadOptions | undefined,
    cold: boolean,
  ): Promise<Value | undefined> {
    store.misses++;
    if (!loads.isRunning(key)) return copied(begin(key, load, options, 0, cold));
    const shared = options?.signal === undefined ? loads.shared(key) : undefined;
    if (shared === undefined && loads.isWithin(key)) return rejected(new LoadRecursionError(key));
    counts.joined++;
    return copied(shared ?? loads.join(key, options?.signal));
  }

  /** Waits for a load with an old value at hand, which answers when the load fails, or takes longer than `softTimeoutMs`. */
  function waitCovered(key: Key, load: Loader<Value, Key>, options?: GetOrLoadOptions): Promise<Value | undefined> {
    if (loads.isWithin(key)) {
      store.misses++;
      return rejected(new LoadRecursionError(key));
    }
    const joins = loads.isRunning(key);
    const flight = board(key, load, options, 0);
    let answered = false;
    const covered = new Promise<Value | undefined>((resolve, reject) => {
      // The old value as it is by now: it may have been replaced, invalidated, or have run out of its windows.
      const cover = (): boolean => {
        const slot = store.index.get(key);
        if (slot === undefined || store.values[slot] === undefined || store.isDead(slot, time.now())) return false;
        answered = true;
        resolve(isFresh(slot) ? answer(take(slot)) : takeStale(slot));
        return true;
      };
      const miss = () => {
        store.misses++;
        if (joins) counts.joined++;
      };
      const cancel = startTimer(softTimeoutMs, cover);
      flight.then(
        (value) => {
          cancel();
          if (answered) return;
          miss();
          resolve(answer(value));
        },
        (error: unknown) => {
          cancel();
          if (answered || (options?.signal?.aborted !== true && cover())) return;
          miss();
          reject(error);
        },
      );
    });
    covered.catch(ignore);
    return covered;
  }

  function dropIfDead(key: Key, slot: number): boolean {
    if (!store.isDead(slot, time.now())) return false;
    store.remove(key, slot, 'expired');
    entries.tellRemovals();
    return true;
  }

  /** Every caller gets a copy of its own, if copies are asked for. */
  function copied(flight: Promise<Value | undefined>): Promise<Value | undefined> {
    if (!copies) return flight;
    const copied = flight.then((value) => entries.copy(value));
    copied.catch(ignore);
    return copied;
  }

  function answer(value: Value | undefined): Promise<Value | undefined> {
    try {
      return Promise.resolve(entries.copy(value));
    } catch (error) {
      return rejected(error);
    }
  }

  return { getClosely, has, lookup, getOrLoad, refresh };
}

const ignore = () => {};
