import { Budgets } from './budgets.ts';

/** Why an entry is no longer held. */
export type EvictReason = 'expired' | 'evicted' | 'deleted' | 'cleared' | 'replaced';

export type OnRemove<Value, Key> = (key: Key, value: Value | undefined, reason: EvictReason) => void;

export interface StoreBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** How long an entry is kept after its expiry. */
  readonly staleMs: number;
  /** The life that most entries get; NaN if there is none. Only entries with another one cost memory for their age. */
  readonly usualLifeMs: number;
  /** See `Pace`. */
  readonly looks: number;
  /** Whether `onRemove` is called from the start. */
  readonly watched: boolean;
}

const firstCapacity = 16;
/**
 * Caches for this many entries have their arrays once and for all: 9 bytes an entry, 1.2 MB at most. What is never assigned again is a
 * constant to V8, which saves a twentieth of a hit and a tenth of a `set`. Smaller caches come by the thousand, and grow as needed.
 */
const allAtOnce = { from: 2 ** 12, to: 2 ** 17 };

const grownBy = 1_024;

const sampleSize = 10_000;

/** What a mark says: not asked for since the hand came by; asked for; found dead by a sweep. More: see `marks`. */
const unseen = 0;
export const seen = 1;
const condemned = 2;

/**
 * The entries: a map from key to slot, and one array for each field, so that a million small entries cost about
 * 50 bytes each and a hit allocates nothing. A value of `undefined` is a remembered "not found".
 *
 * Eviction is SIEVE (NSDI '24): a hit leaves a mark; the hand walks from old to new, spares marked entries once and
 * takes the first without. The map's own insertion order is the queue, its iterator is the hand.
 * What is removed is told to `onRemove` while it is `watched`, which must not call back into the store.
 */
export class Store<Value, Key> extends Budgets {
  index: Map<Key, number> = new Map();
  readonly values: (Value | undefined)[] = [];
  // Declared, not defined: a field without a value would be assigned twice, and be no constant to V8.
  declare expiresAt: Float64Array;
  /** Small on purpose: with the values, all that a hit touches. Above `condemned`: seen, in the epoch of this number, to outlive it. */
  declare marks: Uint8Array;
  evicted = 0;
  expired = 0;
  bytes = 0;
  /** Whether `onRemove` is called. */
  declare watched: boolean;
  declare readonly bounds: StoreBounds;
  declare readonly onRemove: OnRemove<Value, Key>;
  births: Float64Array | undefined;
  #sizes: Float64Array | undefined;
  /** Slots ever used, and the first of the free ones, chained through `expiresAt`; -1 ends the chain. */
  #used = 0;
  #free = -1;
  #hand: MapIterator<[Key, number]> | undefined;
  #allottedSinceHand = 0;
  /** While a sweep carries entries over: the index to be. */
  survivors: Map<Key, number> | undefined;
  /** While a sweep frees what the former index held. */
  #burial: Generator<undefined, void, void> | undefined;

  constructor(bounds: StoreBounds, onRemove: OnRemove<Value, Key>) {
    super(bounds.looks);
    this.bounds = bounds;
    this.onRemove = onRemove;
    this.watched = bounds.watched;
    this.expiresAt = new Float64Array(this.#firstCapacity());
    this.marks = new Uint8Array(this.#firstCapacity());
  }

  #firstCapacity(): number {
    const { maxEntries } = this.bounds;
    return maxEntries >= allAtOnce.from && maxEntries <= allAtOnce.to ? maxEntries : firstCapacity;
  }

  /** Holds `value`, replaces what was there, and evicts until the bounds hold. `size` must not exceed `maxBytes`. */
  write(key: Key, value: Value | undefined, nowMs: number, lifeMs: number, size: number): void {
    const { maxBytes } = this.bounds;
    const slot = this.index.get(key);
    if (slot === undefined) return this.insert(key, value, nowMs, lifeMs, size);
    this.marks[slot] = seen;
    this.survivors?.set(key, slot);
    if (this.#sizes !== undefined) {
      const grown = size - this.#sizes[slot]!;
      if (grown > 0) {
        while (this.bytes + grown > maxBytes && this.index.size > 1) this.#chain(this.#evict(slot, nowMs));
      }
      this.bytes -= this.#sizes[slot]!;
      this.#sizes[slot] = 0;
    }
    if (this.watched && this.values[slot] !== value) this.onRemove(key, this.values[slot], 'replaced');
    this.#fill(slot, value, nowMs, lifeMs, size);
  }

  /** `write` for a key that is known not to be held. */
  insert(key: Key, value: Value | undefined, nowMs: number, lifeMs: number, size: number): void {
    while (this.bytes + size > this.bounds.maxBytes && this.index.size > 0) this.#chain(this.#evict(-1, nowMs));
    const slot = this.#place(nowMs);
    this.index.set(key, slot);
    this.#fill(slot, value, nowMs, lifeMs, size);
  }

  /** `insert` while `setsLeft` is above 0. */
  insertQuickly(key: Key, value: Value): void {
    const slot = this.#place(this.quickBornMs);
    this.index.set(key, slot);
    this.values[slot] = value;
    this.expiresAt[slot] = this.quickEndMs;
    if (this.births !== undefined) this.births[slot] = this.quickBornMs;
  }

  /** A slot for a new entry, its former one evicted where the bound is met. */
  #place(nowMs: number): number {
    return this.index.size < this.bounds.maxEntries ? this.#allot() : this.#evict(-1, nowMs);
  }

  #fill(slot: number, value: Value | undefined, nowMs: number, lifeMs: number, size: number): void {
    const { usualLifeMs } = this.bounds;
    this.values[slot] = value;
    this.expiresAt[slot] = nowMs + lifeMs;
    if (lifeMs !== usualLifeMs || lifeMs === Infinity) this.births ??= this.#reconstructBirths();
    if (this.births !== undefined) this.births[slot] = nowMs;
    if (size > 0) {
      this.#sizes ??= new Float64Array(this.expiresAt.length);
      this.#sizes[slot] = size;
      this.bytes += size;
    }
  }

  /** Notes that an entry was asked for. What a sweep has found dead stays so. */
  mark(slot: number, mark: number): void {
    if (this.marks[slot] !== condemned) this.marks[slot] = mark;
  }

  bornAt(slot: number): number {
    return this.births === undefined ? this.expiresAt[slot]! - this.bounds.usualLifeMs : this.births[slot]!;
  }

  remove(key: Key, slot: number, reason: EvictReason): void {
    this.#unlink(key, slot, reason);
    this.#chain(slot);
  }

  #unlink(key: Key, slot: number, reason: EvictReason): void {
    this.index.delete(key);
    this.survivors?.delete(key);
    this.#vacate(key, slot, reason);
  }

  #vacate(key: Key, slot: number, reason: EvictReason): void {
    const value = this.values[slot];
    this.values[slot] = undefined;
    this.marks[slot] = unseen;
    if (reason === 'evicted') this.evicted++;
    else if (reason === 'expired') this.expired++;
    if (this.#sizes !== undefined) {
      this.bytes -= this.#sizes[slot]!;
      this.#sizes[slot] = 0;
    }
    if (this.watched) this.onRemove(key, value, reason);
  }

  /** Gives a vacant slot back. */
  #chain(slot: number): void {
    // Chained below zero, so that no free slot looks like an entry with time left.
    this.expiresAt[slot] = -2 - this.#free;
    this.#free = slot;
    // A cache that was large once gives its arrays back; a small one keeps them.
    if (this.index.size === 0 && this.#used > 1_024 && this.#burial === undefined) this.#reset();
  }

  /** Removes everything at once; `tell`: each removal, too. */
  clear(tell: boolean): void {
    while (this.#burial?.next().done === false);
    const { index } = this;
    const values = tell ? this.values.slice() : [];
    this.index = new Map();
    this.#reset();
    if (tell) for (const [key, slot] of index) this.onRemove(key, values[slot], 'cleared');
  }

  /** Whether the time for which the entry is kept, stale windows included, is over. */
  isDead(slot: number, nowMs: number): boolean {
    return nowMs >= this.expiresAt[slot]! + this.bounds.staleMs;
  }

  /**
   * Removes the dead entries, step by step: `yield`s after each `stepSize`, between which the store may be used.
   * A map that shrinks under `delete` stops the process for tens of milliseconds at a million entries. Where few would
   * survive, they are therefore carried over to a new map, and the old one is left behind whole.
   */
  *sweep(nowMs: number, stepSize: number): Generator<undefined, void, void> {
    this.#hand = undefined;
    const old = this.index;
    let steps = 0;
    if (!this.#fewWouldSurvive(nowMs)) {
      for (const key of old.keys()) {
        if (++steps % stepSize === 0) yield;
        const slot = this.index.get(key);
        if (slot !== undefined && this.isDead(slot, nowMs)) this.remove(key, slot, 'expired');
      }
      return;
    }
    const survivors = (this.survivors = new Map<Key, number>());
    for (const [key, slot] of old) {
      if (++steps % stepSize === 0) yield;
      // A `clear` meanwhile has done our work.
      if (this.survivors !== survivors) return;
      if (this.isDead(slot, nowMs)) this.marks[slot] = condemned;
      else survivors.set(key, slot);
    }
    this.index = survivors;
    this.survivors = undefined;
    this.#hand = undefined;
    this.#burial = this.#bury(old, stepSize);
    while (this.#burial?.next().done === false) yield;
    this.#burial = undefined;
    if (this.index.size === 0) this.#reset();
  }

  /** Frees the slots that only the old index knows. */
  *#bury(old: Map<Key, number>, stepSize: number): Generator<undefined, void, void> {
    let steps = 0;
    for (const [key, slot] of old) {
      if (++steps % stepSize === 0) yield;
      if (this.marks[slot] !== condemned) continue;
      this.#vacate(key, slot, 'expired');
      this.#chain(slot);
    }
  }

  /** By a sample at random: what survives may well lie at regular distances. */
  #fewWouldSurvive(nowMs: number): boolean {
    if (this.index.size <= sampleSize) return false;
    let alive = 0;
    for (let sampled = 0; sampled < sampleSize; sampled++) {
      if (!this.isDead(Math.floor(Math.random() * this.#used), nowMs)) alive++;
    }
    return alive < sampleSize / 2;
  }

  /** Removes the entry that is to give way. @returns its slot, which is the caller's. */
  #evict(spared: number, nowMs: number): number {
    this.#allottedSinceHand = 0;
    this.#hand ??= this.index.entries();
    for (;;) {
      const { done, value: entry } = this.#hand.next();
      if (done === true) {
        this.#hand = this.index.entries();
        continue;
      }
      const slot = entry[1];
      if (slot === spared) continue;
      const mark = this.marks[slot];
      const dead = mark === condemned || this.isDead(slot, nowMs);
      if (dead || mark === unseen) {
        this.#unlink(entry[0], slot, dead ? 'expired' : 'evicted');
        return slot;
      }
      this.marks[slot] = unseen;
    }
  }

  /** No mark tells of an epoch any more. */
  forgetEpochs(): void {
    const { marks } = this;
    for (let slot = 0; slot < this.#used; slot++) if (marks[slot]! > condemned) marks[slot] = seen;
  }

  #allot(): number {
    // A hand at rest keeps the map's former tables alive.
    if (this.#hand !== undefined && ++this.#allottedSinceHand > 1_024) this.#hand = undefined;
    const slot = this.#free;
    if (slot !== -1) {
      this.#free = -2 - this.expiresAt[slot]!;
      return slot;
    }
    if (this.#used === this.expiresAt.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    // More than `maxEntries` only while a sweep has not yet freed the slots of the dead.
    const { maxEntries } = this.bounds;
    const capacity = this.#used < maxEntries ? Math.min(this.#used * 2, maxEntries) : this.#used + grownBy;
    this.expiresAt = copied(this.expiresAt, new Float64Array(capacity));
    this.marks = copied(this.marks, new Uint8Array(capacity));
    if (this.births !== undefined) this.births = copied(this.births, new Float64Array(capacity));
    if (this.#sizes !== undefined) this.#sizes = copied(this.#sizes, new Float64Array(capacity));
  }

  #reset(): void {
    this.values.length = 0;
    if (this.expiresAt.length === this.#firstCapacity()) this.marks.fill(unseen);
    else {
      this.expiresAt = new Float64Array(this.#firstCapacity());
      this.marks = new Uint8Array(this.#firstCapacity());
    }
    this.births = undefined;
    this.#sizes = undefined;
    this.bytes = 0;
    this.#used = 0;
    this.#free = -1;
    this.#hand = undefined;
    this.survivors = undefined;
  }

  #reconstructBirths(): Float64Array {
    return this.expiresAt.map((expiresAt) => expiresAt - this.bounds.usualLifeMs);
  }
}

function copied<Numbers extends Float64Array | Uint8Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
