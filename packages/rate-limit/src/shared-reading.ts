import { redate } from './compact-logs.ts';
import { afterInput } from './turn-queue.ts';

/** How many checks share one reading of the clock. */
const SHARED = 64;
/** After so many readings, each this soon after the one before, the next checks share theirs. */
const CLOSE = 8;
const CLOSE_MS = 0.005;
/** The clock of the platform. Fake timers put another one in its place, which a test moves within a turn. */
const platformClock = performance.now;

/**
 * The clock of the checks in one process. Reading it costs as much as a check, so where they come thick and fast up to 64 of
 * one event-loop turn share a reading. No unit leaves a window early by that: a check that shares judges by the reading before
 * it, and what it counts is dated by the next reading, which is after it.
 */
export class SharedReading {
  /** The time just given out was read for an earlier check: what is counted now must be handed to `note`. */
  shared = false;
  readonly #now: () => number;
  readonly #shares: boolean;
  readonly #pages: Float64Array[] = [];
  readonly #starts: number[] = [];
  readonly #places: number[] = [];
  #noted = 0;
  #atMs = -Infinity;
  #left = 0;
  #close = 0;
  #ends = false;

  /** @param shares false for a clock that a caller moves: it is read for each check, as is one of fake timers. */
  constructor(now: () => number, shares: boolean) {
    this.#now = now;
    this.#shares = shares;
  }

  /** A time for one check of one unit: not after now, and at most 64 checks and one turn before. */
  forCheck(): number {
    if (this.#left > 0) {
      this.#left--;
      this.shared = true;
      return this.#atMs;
    }
    const beforeMs = this.#atMs;
    const nowMs = this.exact();
    if (this.#shares && performance.now === platformClock) this.#shareAfter(nowMs - beforeMs);
    return nowMs;
  }

  /** The time now. */
  exact(): number {
    const nowMs = this.#now();
    for (let index = 0; index < this.#noted; index++) {
      redate(this.#pages[index]!, this.#starts[index]!, this.#places[index]!, nowMs);
    }
    this.#noted = 0;
    this.#left = 0;
    this.shared = false;
    this.#atMs = nowMs;
    return nowMs;
  }

  /** A unit was counted at a shared reading, in this log at this place. */
  note(page: Float64Array, start: number, place: number): void {
    this.#pages[this.#noted] = page;
    this.#starts[this.#noted] = start;
    this.#places[this.#noted++] = place;
  }

  #shareAfter(pauseMs: number): void {
    const close = pauseMs <= (this.#close < CLOSE ? CLOSE_MS : CLOSE_MS * SHARED);
    this.#close = close ? this.#close + 1 : 0;
    if (this.#close < CLOSE) return;
    this.#left = SHARED - 1;
    if (this.#ends) return;
    this.#ends = true;
    afterInput(() => {
      this.#ends = false;
      this.#close = 0;
      this.exact();
    });
  }
}
