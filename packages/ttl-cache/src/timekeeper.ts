/** A coarse reading is good for this long, and for this many looks at it. */
const tickMs = 8;
const looks = 64;
/** So many exact readings within a tick start the ticking. */
const busyReadings = 32;
/** An entry with no more than this left of its life is checked exactly. */
export const exactBelowMs = 1_000;

/**
 * The time, cheap under load, and the one timer of a cache.
 *
 * Reading the clock costs as much as looking up a key. A busy cache therefore looks at `recentMs`, which a timer renews
 * every 8 ms, and every 64th look renews too, so that a blocked event loop cannot freeze it. Three things keep that safe:
 * a cache that is not busy reads the clock each time; so does a look at an entry with less than a second to live; and
 * `recentMs` is never ahead of the time. With a clock of the caller's own every reading is exact: `recentMs` stays `Infinity`.
 */
export class Timekeeper {
  recentMs: number = Infinity;
  /** Looks left. At 0, or with `recentMs` too close to an expiry, ask `now()`. */
  looksLeft = 0;
  readonly #exact: (() => number) | undefined;
  readonly #sweep: () => number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticking = false;
  #readings = 0;
  #firstReadingMs = 0;
  /** When the sweep is due, by `performance.now()`; `Infinity`: not wanted. */
  #sweepAtMs = Infinity;
  /** The timer was set for the sweep: its firing says that it is due. */
  #firesForSweep = false;

  /** @param sweep Is called when due, and says in how many milliseconds it wants to be called again. */
  constructor(exact: (() => number) | undefined, sweep: () => number | undefined) {
    this.#exact = exact;
    this.#sweep = sweep;
  }

  /** The time. */
  now(): number {
    if (this.#exact !== undefined) return this.#exact();
    const nowMs = performance.now();
    if (this.#ticking) {
      this.recentMs = nowMs;
      this.looksLeft = looks;
    } else if (nowMs - this.#firstReadingMs >= tickMs) {
      this.#firstReadingMs = nowMs;
      this.#readings = 1;
    } else if (++this.#readings > busyReadings) {
      this.#startTicking(nowMs);
    }
    return nowMs;
  }

  /** The time from which an entry lives: at most a moment in the past. */
  birth(lifeMs: number): number {
    if (lifeMs > exactBelowMs && this.recentMs !== Infinity && --this.looksLeft > 0) return this.recentMs;
    return this.now();
  }

  get sweepPlanned(): boolean {
    return this.#sweepAtMs !== Infinity;
  }

  planSweep(delayMs: number): void {
    this.#sweepAtMs = performance.now() + delayMs;
    if (!this.#ticking) this.#armForSweep(delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ticking = false;
    this.recentMs = Infinity;
    this.looksLeft = 0;
    this.#sweepAtMs = Infinity;
  }

  #startTicking(nowMs: number): void {
    this.#ticking = true;
    this.recentMs = nowMs;
    this.looksLeft = looks;
    this.#arm(tickMs);
  }

  #armForSweep(delayMs: number): void {
    // A longer delay would fire at once; firing early only looks at the clock once more.
    const longestMs = 2 ** 31 - 1;
    this.#arm(Math.min(delayMs, longestMs));
    this.#firesForSweep = delayMs <= longestMs;
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#firesForSweep = false;
    this.#timer = setTimeout(this.#fire, delayMs);
    // A number in browsers, where nothing needs releasing.
    (this.#timer as { unref?(): void }).unref?.();
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    let nowMs = performance.now();
    if (this.#firesForSweep || nowMs >= this.#sweepAtMs) {
      this.#sweepAtMs = Infinity;
      const againMs = this.#sweep();
      nowMs = performance.now();
      if (againMs !== undefined) this.#sweepAtMs = nowMs + againMs;
    }
    if (this.#ticking && this.looksLeft < looks) {
      this.recentMs = nowMs;
      this.looksLeft = looks;
      return this.#arm(Math.min(tickMs, this.#sweepAtMs - nowMs));
    }
    this.#ticking = false;
    this.recentMs = Infinity;
    this.looksLeft = 0;
    this.#readings = 0;
    if (this.sweepPlanned) this.#armForSweep(this.#sweepAtMs - nowMs);
  };
}
