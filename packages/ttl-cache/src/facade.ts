import type { SetOptions, TtlCache } from './cache.ts';
import type { Store } from './store.ts';

/** What a cache is made of. */
export interface Parts<Value, Key> extends Omit<
  TtlCache<Value, Key>,
  'get' | 'set' | 'size' | 'bytes' | typeof Symbol.dispose
> {
  readonly store: Store<Value, Key>;
  /** A `get` that the mark of the entry did not answer. */
  getClosely(key: Key, slot: number): Value | undefined;
  /** A `set` that has more to look after. */
  setClosely(key: Key, value: Value, options: SetOptions | undefined): void;
}

/**
 * The cache as its user holds it, with the hot paths of `get` and `set`, written out, and short. They are methods, which reach the store
 * in one step; closures, of which each cache has its own, take three. A class also because V8 keeps an object literal that has accessors
 * as a dictionary: finding `get` in one takes as long as all that a hit does.
 */
export class Facade<Value, Key> implements TtlCache<Value, Key> {
  // Not private by `#`: V8 takes what is assigned once for a constant, and such a field is first defined, then assigned.
  declare readonly store: Store<Value, Key>;
  declare readonly parts: Parts<Value, Key>;
  readonly lookup: TtlCache<Value, Key>['lookup'];
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

  constructor(parts: Parts<Value, Key>) {
    // Out of sight: neither listed nor printed.
    Object.defineProperties(this, { store: { value: parts.store }, parts: { value: parts } });
    this.lookup = parts.lookup;
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
  }

  get(key: Key): Value | undefined {
    const store = this.store;
    const slot = store.index.get(key);
    if (slot === undefined) {
      store.misses++;
      return undefined;
    }
    // A mark of this epoch answers at once; when no hits are left, the close look renews the clock.
    if (store.marks[slot] === store.epoch && store.hitsLeft > 0) {
      store.hitsLeft--;
      return store.values[slot];
    }
    return this.parts.getClosely(key, slot);
  }

  set(key: Key, value: Value, options?: SetOptions): void {
    const store = this.store;
    // Under load, and nothing else to look after.
    if (store.setsLeft > 0 && options === undefined && value !== undefined) {
      store.setsLeft--;
      const slot = store.index.get(key);
      if (slot === undefined) return store.insertQuickly(key, value);
      store.values[slot] = value;
      store.marks[slot] = store.epoch;
      store.expiresAt[slot] = store.quickEndMs;
      if (store.births !== undefined) store.births[slot] = store.quickBornMs;
      return;
    }
    this.parts.setClosely(key, value, options);
  }

  get size(): number {
    return this.store.index.size;
  }

  get bytes(): number {
    return this.store.bytes;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
