/**
 * What the hot paths may do before the clock is read again, and what they count. The store is one of these: a hit reaches all that it
 * needs through one object.
 */
export class Budgets {
  /** The number of the epoch that a hit's mark must bear (see `Timekeeper`). */
  epoch = -1;
  /** What expires later than this may bear that number. */
  markAboveMs: number = Infinity;
  /** Hits that may be answered by their mark; those before them; reads in vain. */
  declare hitsLeft: number;
  hitsBefore = 0;
  misses = 0;
  /** Calls of `set` that may go the quick way, which gives a value the life between these two. */
  setsLeft = 0;
  quickBornMs = 0;
  quickEndMs = 0;
  /** Both start at this when the clock was read. */
  declare readonly looks: number;

  constructor(looks: number) {
    this.looks = looks;
    this.hitsLeft = looks;
  }

  get hits(): number {
    return this.hitsBefore + this.looks - this.hitsLeft;
  }

  /** Whether there were hits or sets by the coarse time since it was renewed. */
  get isBusy(): boolean {
    return this.hitsLeft < this.looks || (this.setsLeft > 0 && this.setsLeft < this.looks);
  }

  /** The coarse time was renewed. */
  renew(sets: boolean, nowMs: number, quickLifeMs: number): void {
    this.hitsBefore = this.hits;
    this.hitsLeft = this.looks;
    this.setsLeft = sets ? this.looks : 0;
    this.quickBornMs = nowMs;
    this.quickEndMs = nowMs + quickLifeMs;
  }
}
