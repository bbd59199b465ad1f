import { Budgets } from './budgets.ts';

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

/** What a mark says: not asked for since the hand came by; asked for; found dead by a sweep; not asked for yet. More: see `marks`. */
export const unseen = 0;
export const seen = 1;
export const condemned = 2;
export const newcomer = 3;

/**
 * Where entries lie: a numbered slot each, and one array for each field, so that a million small entries cost about 50 bytes each and a
 * hit allocates nothing. A value of `undefined` is a remembered "not found".
 */
export class Slots<Value> extends Budgets {
  readonly values: (Value | undefined)[] = [];
  // Declared, not defined: a field without a value would be assigned twice, and be no constant to V8.
  declare expiresAt: Float64Array;
  /** Small on purpose: with the values, all that a hit touches. Above `newcomer`: seen, in the epoch of this number, to outlive it. */
  declare marks: Uint8Array;
  births: Float64Array | undefined;
  protected sizes: Float64Array | undefined;
  bytes = 0;
  declare readonly bounds: StoreBounds;
  /** Slots ever used, and the first of the free ones, chained through `expiresAt`; -1 ends the chain. */
  protected used = 0;
  #free = -1;

  constructor(bounds: StoreBounds) {
    super(bounds.looks);
    this.bounds = bounds;
    this.expiresAt = new Float64Array(this.#firstCapacity());
    this.marks = new Uint8Array(this.#firstCapacity());
  }

  #firstCapacity(): number {
    const { maxEntries } = this.bounds;
    return maxEntries >= allAtOnce.from && maxEntries <= allAtOnce.to ? maxEntries : firstCapacity;
  }

  /** A vacant slot, which is the caller's. */
  protected allot(): number {
    const slot = this.#free;
    if (slot !== -1) {
      this.#free = -2 - this.expiresAt[slot]!;
      return slot;
    }
    if (this.used === this.expiresAt.length) this.#grow();
    return this.used++;
  }

  #grow(): void {
    // More than `maxEntries` only while a sweep has not yet freed the slots of the dead.
    const { maxEntries } = this.bounds;
    const capacity = this.used < maxEntries ? Math.min(this.used * 2, maxEntries) : this.used + grownBy;
    this.expiresAt = copied(this.expiresAt, new Float64Array(capacity));
    this.marks = copied(this.marks, new Uint8Array(capacity));
    if (this.births !== undefined) this.births = copied(this.births, new Float64Array(capacity));
    if (this.sizes !== undefined) this.sizes = copied(this.sizes, new Float64Array(capacity));
  }

  protected fill(slot: number, value: Value | undefined, nowMs: number, lifeMs: number, size: number): void {
    const { usualLifeMs } = this.bounds;
    this.values[slot] = value;
    this.expiresAt[slot] = nowMs + lifeMs;
    if (lifeMs !== usualLifeMs || lifeMs === Infinity) this.births ??= this.#reconstructBirths();
    if (this.births !== undefined) this.births[slot] = nowMs;
    if (size > 0) {
      this.sizes ??= new Float64Array(this.expiresAt.length);
      this.sizes[slot] = size;
      this.bytes += size;
    }
  }

  /** Empties the slot. */
  protected vacate(slot: number): void {
    this.values[slot] = undefined;
    this.marks[slot] = unseen;
    if (this.sizes !== undefined) {
      this.bytes -= this.sizes[slot]!;
      this.sizes[slot] = 0;
    }
  }

  /** Gives a vacant slot back. */
  protected chain(slot: number): void {
    // Chained below zero, so that no free slot looks like an entry with time left.
    this.expiresAt[slot] = -2 - this.#free;
    this.#free = slot;
  }

  /** Notes that an entry was asked for. What a sweep has found dead stays so. */
  mark(slot: number, mark: number): void {
    if (this.marks[slot] !== condemned) this.marks[slot] = mark;
  }

  /** No mark tells of an epoch any more. */
  forgetEpochs(): void {
    const { marks } = this;
    for (let slot = 0; slot < this.used; slot++) if (marks[slot]! > newcomer) marks[slot] = seen;
  }

  bornAt(slot: number): number {
    return this.births === undefined ? this.expiresAt[slot]! - this.bounds.usualLifeMs : this.births[slot]!;
  }

  #reconstructBirths(): Float64Array {
    return this.expiresAt.map((expiresAt) => expiresAt - this.bounds.usualLifeMs);
  }

  /** Whether the time for which the entry is kept, stale windows included, is over. */
  isDead(slot: number, nowMs: number): boolean {
    return nowMs >= this.expiresAt[slot]! + this.bounds.staleMs;
  }

  /** Forgets all entries, and gives the memory back. */
  protected reset(): void {
    this.values.length = 0;
    if (this.expiresAt.length === this.#firstCapacity()) this.marks.fill(unseen);
    else {
      this.expiresAt = new Float64Array(this.#firstCapacity());
      this.marks = new Uint8Array(this.#firstCapacity());
    }
    this.births = undefined;
    this.sizes = undefined;
    this.bytes = 0;
    this.used = 0;
    this.#free = -1;
  }
}

function copied<Numbers extends Float64Array | Uint8Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
