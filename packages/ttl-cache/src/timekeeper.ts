/** A coarse reading is good for this long. */
const tickMs = 8;
/** So many exact readings within a tick start the ticking. */
const busyReadings = 32;
/** How coarse the time may be, by the life of most entries. */
export interface Pace {
  /** An entry with no more than this left of its life is checked exactly. */
  readonly exactBelowMs: number;
  /** A coarse reading is good for so many looks at it. */
  readonly looks: number;
  /** Entries are marked anew in each epoch. */
  readonly epochMs: number;
}

/**
 * A tenth of the life is long enough to look closely, and to leave marks. The longer an entry is looked at closely, the more looks may
 * pass between two readings of the clock: a look that keeps the event loop for 4 ms is the longest for which nothing comes late.
 * @param usualLifeMs What most entries live at least, until their refresh-ahead window; 0 if that is not known.
 */
export function paceOf(usualLifeMs: number): Pace {
  const between = (least: number, most: number) => Math.max(least, Math.min(most, usualLifeMs / 10));
  const exactBelowMs = between(1_000, 4_000);
  return { exactBelowMs, looks: Math.round(exactBelowMs / 4), epochMs: between(500, 10_000) };
}

/** The numbers that epochs take in turn: those below mean other things in `Store.marks`. */
const firstEpoch = 4;
const lastEpoch = 255;

/**
 * The time, cheap under load, and the one timer of a cache.
 *
 * Reading the clock costs as much as looking up a key. A busy cache therefore looks at `recentMs`, which a timer renews
 * every 8 ms, and every 250th to 1,000th look renews too, so that a blocked event loop cannot freeze it. Three things keep that safe:
 * a cache that is not busy reads the clock each time; so does a look at an entry with less than one to four seconds to live; and
 * `recentMs` is never ahead of the time. With a clock of the caller's own every reading is exact: `recentMs` stays `Infinity`.
 *
 * Even that comparison is spared an entry that bears the number of the current epoch: it was looked at in this epoch and
 * will outlive it by more than these seconds. So a hit compares two small numbers.
 */
export class Timekeeper {
  recentMs: number = Infinity;
  /** Looks left. At 0, or with `recentMs` too close to an expiry, ask `now()`. */
  looksLeft = 0;
  /** A value stored with more than this to live is sure to outlive the epoch. */
  readonly longLifeMs: number;
  /** Of the pace, within reach of each look. */
  readonly exactBelowMs: number;
  readonly #pace: Pace;
  readonly #marginMs: number;
  readonly #exact: (() => number) | undefined;
  readonly #face: Face;
  readonly #upkeep: Upkeep;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticking = false;
  #readings = 0;
  #firstReadingMs = 0;
  #latestEpoch: number = lastEpoch;
  #epochEndsMs = 0;
  /** When the sweep is due, by `performance.now()`; `Infinity`: not wanted. */
  #sweepAtMs = Infinity;
  /** The timer was set for the sweep: its firing says that it is due. */
  #firesForSweep = false;

  /** @param marginMs How long before its expiry an entry is to be looked at closely. */
  constructor(exact: (() => number) | undefined, pace: Pace, marginMs: number, face: Face, upkeep: Upkeep) {
    this.#exact = exact;
    this.#pace = pace;
    this.longLifeMs = pace.epochMs + pace.exactBelowMs;
    this.exactBelowMs = pace.exactBelowMs;
    this.#marginMs = pace.exactBelowMs + marginMs;
    this.#face = face;
    this.#upkeep = upkeep;
  }

  /** The time. */
  now(): number {
    if (this.#exact !== undefined) return this.#exact();
    const nowMs = performance.now();
    if (this.#ticking) this.#renew(nowMs);
    else if (nowMs - this.#firstReadingMs >= tickMs) {
      this.#firstReadingMs = nowMs;
      this.#readings = 1;
    } else if (++this.#readings > busyReadings) {
      this.#startTicking(nowMs);
    }
    return nowMs;
  }

  /** The time from which an entry lives: at most a moment in the past. */
  birth(lifeMs: number): number {
    if (lifeMs > this.exactBelowMs && this.recentMs !== Infinity && --this.looksLeft > 0) return this.recentMs;
    return this.now();
  }

  get isCoarse(): boolean {
    return this.#ticking;
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
    this.#stopTicking();
    this.#sweepAtMs = Infinity;
  }

  #startTicking(nowMs: number): void {
    this.#ticking = true;
    // Nothing has changed if the former epoch still lasts.
    this.#openEpoch();
    this.#renew(nowMs);
    this.#arm(tickMs);
  }

  #stopTicking(): void {
    this.#ticking = false;
    this.recentMs = Infinity;
    this.looksLeft = 0;
    this.#face.epoch = -1;
    this.#face.markAboveMs = Infinity;
    this.#upkeep.renewed(Infinity);
    this.#readings = 0;
  }

  #renew(nowMs: number): void {
    this.recentMs = nowMs;
    this.looksLeft = this.#pace.looks;
    this.#upkeep.renewed(nowMs);
    if (nowMs < this.#epochEndsMs) return;
    this.#epochEndsMs = nowMs + this.#pace.epochMs;
    if (this.#latestEpoch === lastEpoch) {
      this.#latestEpoch = firstEpoch;
      this.#upkeep.forgetEpochs();
    } else this.#latestEpoch++;
    this.#openEpoch();
  }

  #openEpoch(): void {
    this.#face.epoch = this.#latestEpoch;
    this.#face.markAboveMs = this.#epochEndsMs + this.#marginMs;
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
      const againMs = this.#upkeep.sweep();
      nowMs = performance.now();
      if (againMs !== undefined) this.#sweepAtMs = nowMs + againMs;
    }
    if (this.#ticking && (this.looksLeft < this.#pace.looks || this.#face.isBusy)) {
      this.#renew(nowMs);
      return this.#arm(Math.min(tickMs, this.#sweepAtMs - nowMs));
    }
    this.#stopTicking();
    if (this.sweepPlanned) this.#armForSweep(this.#sweepAtMs - nowMs);
  };
}

/** What time brings with it. */
interface Upkeep {
  /** The coarse time is this, for the next hits and sets; `Infinity`: the clock is exact. */
  renewed(nowMs: number): void;
  /** Is called when the sweep is due, and says in how many milliseconds it wants to be called again. */
  sweep(): number | undefined;
  /** The numbers of epochs start over: none that an entry bears means anything. */
  forgetEpochs(): void;
}

/** What hits look at. */
interface Face {
  /** Hits or sets went by the coarse time since it was renewed. */
  readonly isBusy: boolean;
  /** The number of the epoch; -1, which no entry bears, while the clock is exact. */
  epoch: number;
  /** What expires later than this is sure to outlive the epoch; `Infinity` while the clock is exact. */
  markAboveMs: number;
}
