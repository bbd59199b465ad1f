import { condemned, newcomer, seen, Slots, unseen, type StoreBounds } from './slots.ts';

/** Why an entry is no longer held. */
export type EvictReason = 'expired' | 'evicted' | 'deleted' | 'cleared' | 'replaced';

export type OnRemove<Value, Key> = (key: Key, value: Value | undefined, reason: EvictReason) => void;

const sampleSize = 10_000;

/** From so many entries on a quarter of them are newcomers; before, there are none. */
const manyEntries = 64;
/** One in so many newcomers whom nobody asked for may stay in the place of a main entry that nobody asks for any more. */
const ageing = 16;
/** So many entries are looked at before the choice falls on the others. */
const mostLooks = 64;

/**
 * The entries: slots, and a map from key to slot.
 *
 * Eviction: a hit leaves a mark, and nothing else. The map's own insertion order is the queue, with a border in it, behind which are the
 * newcomers. The border moves on from old to new: who has been asked for by then stays, as a main entry; who has not is evicted. For
 * each that stays a hand goes round the main entries, as in CLOCK: it spares those with a mark once and takes the first without. And
 * every sixteenth newcomer whom nobody asked for stays instead of the entry that the hand comes to, if nobody has asked for that one since
 * it last came by: so what was popular once gives way. Border and hand are iterators of the map. In a small cache there is no border, which
 * makes it SIEVE.
 * What is removed is told to `onRemove` while it is `watched`, which must not call back into the store.
 */
export class Store<Value, Key> extends Slots<Value> {
  index: Map<Key, number> = new Map();
  evicted = 0;
  expired = 0;
  /** Whether `onRemove` is called. */
  declare watched: boolean;
  declare readonly onRemove: OnRemove<Value, Key>;
  #border: MapIterator<[Key, number]> | undefined;
  /** Entries behind the border, and so many of them at most that are there no more: removed ones that had been asked for. */
  #newcomers = 0;
  #uncounted = 0;
  #unasked = 0;
  #hand: MapIterator<[Key, number]> | undefined;
  #allottedSinceHand = 0;
  /** While a sweep carries entries over: the index to be. */
  survivors: Map<Key, number> | undefined;
  /** While a sweep frees what the former index held. */
  #burial: Generator<undefined, void, void> | undefined;

  constructor(bounds: StoreBounds, onRemove: OnRemove<Value, Key>) {
    super(bounds);
    this.onRemove = onRemove;
    this.watched = bounds.watched;
  }

  /** Holds `value`, replaces what was there, and evicts until the bounds hold. `size` must not exceed `maxBytes`. */
  write(key: Key, value: Value | undefined, nowMs: number, lifeMs: number, size: number): void {
    const { maxBytes } = this.bounds;
    const slot = this.index.get(key);
    if (slot === undefined) return this.insert(key, value, nowMs, lifeMs, size);
    this.marks[slot] = seen;
    this.survivors?.set(key, slot);
    if (this.sizes !== undefined) {
      const grown = size - this.sizes[slot]!;
      if (grown > 0) {
        while (this.bytes + grown > maxBytes && this.index.size > 1) this.#release(this.#evict(slot, nowMs));
      }
      this.bytes -= this.sizes[slot]!;
      this.sizes[slot] = 0;
    }
    if (this.watched && this.values[slot] !== value) this.onRemove(key, this.values[slot], 'replaced');
    this.fill(slot, value, nowMs, lifeMs, size);
  }

  /** `write` for a key that is known not to be held. */
  insert(key: Key, value: Value | undefined, nowMs: number, lifeMs: number, size: number): void {
    while (this.bytes + size > this.bounds.maxBytes && this.index.size > 0) this.#release(this.#evict(-1, nowMs));
    const slot = this.#place(nowMs);
    this.index.set(key, slot);
    this.fill(slot, value, nowMs, lifeMs, size);
  }

  /** `insert` while `setsLeft` is above 0. */
  insertQuickly(key: Key, value: Value): void {
    const slot = this.#place(this.quickBornMs);
    this.index.set(key, slot);
    this.values[slot] = value;
    this.expiresAt[slot] = this.quickEndMs;
    if (this.births !== undefined) this.births[slot] = this.quickBornMs;
  }

  /** A slot for a newcomer, its former entry evicted where the bound is met. */
  #place(nowMs: number): number {
    const { maxEntries, maxBytes } = this.bounds;
    const { size } = this.index;
    let slot;
    if (size >= maxEntries) slot = this.#evict(-1, nowMs);
    else {
      // A hand at rest keeps the map's former tables alive.
      if (this.#hand !== undefined && ++this.#allottedSinceHand > 1_024) this.#hand = undefined;
      if (maxEntries !== Infinity || maxBytes !== Infinity) this.#admit();
      slot = this.allot();
    }
    if (size >= manyEntries) {
      this.marks[slot] = newcomer;
      this.#newcomers++;
    }
    return slot;
  }

  remove(key: Key, slot: number, reason: EvictReason): void {
    if (this.marks[slot] !== newcomer && ++this.#uncounted > this.index.size >> 3) this.#restBorder();
    this.#unlink(key, slot, reason);
    this.#release(slot);
  }

  #unlink(key: Key, slot: number, reason: EvictReason): void {
    this.index.delete(key);
    this.survivors?.delete(key);
    this.#empty(key, slot, reason);
  }

  /** Empties the slot of an entry that the index knows no more. */
  #empty(key: Key, slot: number, reason: EvictReason): void {
    const value = this.values[slot];
    if (this.marks[slot] === newcomer) this.#newcomers--;
    this.vacate(slot);
    if (reason === 'evicted') this.evicted++;
    else if (reason === 'expired') this.expired++;
    if (this.watched) this.onRemove(key, value, reason);
  }

  /** Gives a vacant slot back. */
  #release(slot: number): void {
    this.chain(slot);
    // A cache that was large once gives its arrays back; a small one keeps them.
    if (this.index.size === 0 && this.used > 1_024 && this.#burial === undefined) this.reset();
  }

  /** Removes everything at once; `tell`: each removal, too. */
  clear(tell: boolean): void {
    while (this.#burial?.next().done === false);
    const { index } = this;
    const values = tell ? this.values.slice() : [];
    this.index = new Map();
    this.reset();
    if (tell) for (const [key, slot] of index) this.onRemove(key, values[slot], 'cleared');
  }

  /**
   * Removes the dead entries, step by step: `yield`s after each `stepSize`, between which the store may be used.
   * A map that shrinks under `delete` stops the process for tens of milliseconds at a million entries. Where few would
   * survive, they are therefore carried over to a new map, and the old one is left behind whole.
   */
  *sweep(nowMs: number, stepSize: number): Generator<undefined, void, void> {
    this.#restHands();
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
    this.#restHands();
    this.#burial = this.#bury(old, stepSize);
    while (this.#burial?.next().done === false) yield;
    this.#burial = undefined;
    if (this.index.size === 0) this.reset();
  }

  /** Frees the slots that only the old index knows. */
  *#bury(old: Map<Key, number>, stepSize: number): Generator<undefined, void, void> {
    let steps = 0;
    for (const [key, slot] of old) {
      if (++steps % stepSize === 0) yield;
      if (this.marks[slot] !== condemned) continue;
      this.#empty(key, slot, 'expired');
      this.#release(slot);
    }
  }

  /** By a sample at random: what survives may well lie at regular distances. */
  #fewWouldSurvive(nowMs: number): boolean {
    if (this.index.size <= sampleSize) return false;
    let alive = 0;
    for (let sampled = 0; sampled < sampleSize; sampled++) {
      if (!this.isDead(Math.floor(Math.random() * this.used), nowMs)) alive++;
    }
    return alive < sampleSize / 2;
  }

  protected override reset(): void {
    super.reset();
    this.#restHands();
    this.survivors = undefined;
  }

  /** Both start anew from the oldest. */
  #restHands(): void {
    this.#restBorder();
    this.#hand = undefined;
  }

  #restBorder(): void {
    this.#border = undefined;
    this.#uncounted = 0;
  }

  /** The next entry behind the border, while there are too many of them. */
  #nextNewcomer(): [Key, number] | undefined {
    const { size } = this.index;
    if (size < manyEntries) return undefined;
    if (this.#border === undefined) {
      this.#border = this.index.entries();
      this.#newcomers = size;
    }
    if (this.#newcomers < size >> 2) return undefined;
    const { done, value } = this.#border.next();
    if (done !== true) return value;
    this.#border = undefined;
    return undefined;
  }

  /** While there is room, newcomers who are too many become main entries. */
  #admit(): void {
    for (let left = mostLooks; left > 0; left--) {
      const slot = this.#nextNewcomer()?.[1];
      if (slot === undefined) return;
      if (this.marks[slot] === newcomer) this.marks[slot] = unseen;
      this.#newcomers--;
    }
  }

  /** Removes the entry that is to give way, one but that in the slot `spared`. @returns its slot, which is the caller's. */
  #evict(spared: number, nowMs: number): number {
    for (let left = mostLooks; left > 0; left--) {
      const entry = this.#nextNewcomer();
      if (entry === undefined) break;
      const slot = entry[1];
      if (this.marks[slot] === newcomer) {
        const place = ++this.#unasked % ageing === 0 ? this.#evictMain(1, spared, nowMs) : -1;
        if (place === -1) return this.#give(entry[0], slot, nowMs);
        this.marks[slot] = seen;
        this.#newcomers--;
        return place;
      }
      this.#newcomers--;
      if (slot !== spared && this.#isLost(slot, nowMs)) return this.#give(entry[0], slot, nowMs);
    }
    const slot = this.#evictMain(2 * this.index.size + 2, spared, nowMs);
    return slot === -1 ? this.#evictOldest(spared, nowMs) : slot;
  }

  /** The same among the main entries. @returns -1 if none of the next `looks` may be evicted. */
  #evictMain(looks: number, spared: number, nowMs: number): number {
    this.#allottedSinceHand = 0;
    const hasBorder = this.index.size >= manyEntries;
    for (let left = looks; left > 0; left--) {
      this.#hand ??= this.index.entries();
      const { done, value: entry } = this.#hand.next();
      const isNewcomer = done !== true && this.marks[entry[1]] === newcomer;
      // Behind the border nobody is chosen.
      if (done === true || (hasBorder && isNewcomer)) {
        this.#hand = undefined;
        continue;
      }
      const slot = entry[1];
      if (slot === spared) continue;
      const unasked = isNewcomer || this.marks[slot] === unseen;
      if (unasked || this.#isLost(slot, nowMs)) return this.#give(entry[0], slot, nowMs);
      this.marks[slot] = unseen;
    }
    return -1;
  }

  /** For the case, not known to occur, that the hand finds nobody in two rounds: a hand that goes round for ever would be worse. */
  #evictOldest(spared: number, nowMs: number): number {
    for (const [key, slot] of this.index) if (slot !== spared) return this.#give(key, slot, nowMs);
    throw new Error('nothing to evict');
  }

  #isLost(slot: number, nowMs: number): boolean {
    return this.marks[slot] === condemned || this.isDead(slot, nowMs);
  }

  #give(key: Key, slot: number, nowMs: number): number {
    this.#unlink(key, slot, this.#isLost(slot, nowMs) ? 'expired' : 'evicted');
    return slot;
  }
}
