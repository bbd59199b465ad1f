/** Sizes are powers of two, counted by their exponent: a page has 2^15 numbers (256 kB), the smallest log 2^3 (64 bytes). */
const PAGE_BITS = 15;
const OFFSET = 2 ** PAGE_BITS - 1;
const SMALLEST_BITS = 3;

/**
 * A log's first numbers, together in a line of the processor's cache: how many units it has room for, the place of the oldest one
 * in the ring, how many there are, the times of the oldest and of the newest one.
 */
export const ROOM = 0;
export const HEAD = 1;
export const COUNT = 2;
export const OLDEST = 3;
export const NEWEST = 4;
/** Then a ring of times, one for each unit, oldest to newest. */
const RING = 5;

/**
 * The logs of many keys as plain numbers side by side: a log is found by its address and costs no object. One that has no
 * room left moves to a place of twice the size; places are halved when needed, and used again.
 */
export class CompactLogs {
  readonly #pages: Float64Array[] = [];
  /** Addresses of free places, by size. */
  readonly #free: number[][] = [];

  /** The page of a log. */
  page(address: number): Float64Array {
    return this.#pages[address >>> PAGE_BITS]!;
  }

  /** Where in its page a log starts. */
  start(address: number): number {
    return address & OFFSET;
  }

  /** Makes an empty log, the smallest one or one of 2^`bits` numbers. @returns its address. */
  make(bits: number = SMALLEST_BITS): number {
    const address = this.#place(bits);
    const page = this.page(address);
    const start = this.start(address);
    page[start + ROOM] = 2 ** bits - RING;
    page[start + HEAD] = 0;
    page[start + COUNT] = 0;
    return address;
  }

  /** Gives a log twice the size. @returns its new address; the old one is void. */
  grow(address: number): number {
    const grown = this.make(this.#bits(address) + 1);
    const page = this.page(grown);
    const start = this.start(grown);
    for (const atMs of this.times(address)) append(page, start, atMs);
    this.drop(address);
    return grown;
  }

  drop(address: number): void {
    this.#freeOf(this.#bits(address)).push(address);
  }

  /** The times of a log's units, oldest first. */
  times(address: number): number[] {
    const page = this.page(address);
    const start = this.start(address);
    const times: number[] = [];
    for (let index = 0; index < page[start + COUNT]!; index++) times.push(page[placeOf(page, start, index)]!);
    return times;
  }

  /** The time of a log's newest unit; -Infinity if there is none. */
  newest(address: number): number {
    const page = this.page(address);
    const start = this.start(address);
    return page[start + COUNT] === 0 ? -Infinity : page[start + NEWEST]!;
  }

  clear(): void {
    this.#pages.length = 0;
    this.#free.length = 0;
  }

  #place(bits: number): number {
    const free = this.#freeOf(bits).pop();
    if (free !== undefined) return free;
    if (bits === PAGE_BITS) return (this.#pages.push(new Float64Array(2 ** PAGE_BITS)) - 1) * 2 ** PAGE_BITS;
    const twice = this.#place(bits + 1);
    this.#freeOf(bits).push(twice + 2 ** bits);
    return twice;
  }

  #bits(address: number): number {
    return Math.log2(this.page(address)[this.start(address) + ROOM]! + RING);
  }

  #freeOf(bits: number): number[] {
    return (this.#free[bits] ??= []);
  }
}

/** Where in its page the time of a log's unit is, by the unit's age: 0 is the oldest one. Float64 numbers; `| 0`: whole ones. */
export function placeOf(page: Float64Array, start: number, index: number): number {
  const room = page[start + ROOM]! | 0;
  const place = (page[start + HEAD]! | 0) + index;
  return start + RING + (place < room ? place : place - room);
}

/** Adds a unit to a log that has room for it; its time must not be before the newest one's. @returns its place in the page. */
export function append(page: Float64Array, start: number, atMs: number): number {
  const count = page[start + COUNT]! | 0;
  const place = placeOf(page, start, count);
  page[place] = atMs;
  page[start + NEWEST] = atMs;
  if (count === 0) page[start + OLDEST] = atMs;
  page[start + COUNT] = count + 1;
  return place;
}

/** Dates the unit at `place` anew, and with it those after it. */
export function redate(page: Float64Array, start: number, place: number, atMs: number): void {
  page[place] = atMs;
  page[start + NEWEST] = atMs;
  if (placeOf(page, start, 0) === place) page[start + OLDEST] = atMs;
}

/** Drops what was counted at or before `edgeMs`. @returns how many units are left. */
export function forget(page: Float64Array, start: number, edgeMs: number): number {
  const count = page[start + COUNT]! | 0;
  let gone = 0;
  while (gone < count && page[placeOf(page, start, gone)]! <= edgeMs) gone++;
  const place = placeOf(page, start, gone);
  page[start + HEAD] = place - start - RING;
  page[start + OLDEST] = page[place]!; // of an empty log nobody asks it
  page[start + COUNT] = count - gone;
  return count - gone;
}
