import { CacheClosedError } from './errors.ts';
import type { TierOperation } from './events.ts';
import type { Tier, TierEntry } from './tier.ts';
import { startTimer } from './timer.ts';

/** @throws {TypeError} The key has no text of its own by which other processes would know it. */
export function tierKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number') return String(key);
  throw new TypeError(
    `key: with a tier, expected a string or a number, got ${key === null ? 'null' : `a ${typeof key}`}`,
  );
}

/** Keys kept for a tier that is away; more become one `clear`. */
export const maxKept = 10_000;
const firstRetryMs = 100;
const longestRetryMs = 5_000;
const batchSize = 1_000;

/** Changes of one key, or of all, that the tier has not confirmed: the numbers of the first and of the last of them. */
interface Unconfirmed {
  first: number;
  last: number;
}

interface Waiter {
  readonly upTo: number;
  resolve(): void;
  reject(error: unknown): void;
}

export interface TierWatch {
  failed(operation: TierOperation, error: unknown): void;
  caughtUp(keys: number, cleared: boolean): void;
}

/**
 * Takes changes to the tier, at once and in order. What fails is kept, as a delete, and replayed with growing pauses
 * until the tier confirms it; until then `isBehind` tells to read around the tier.
 */
export class TierLink<Value> {
  readonly tier: Tier<Value>;
  readonly #watch: TierWatch;
  readonly #keys = new Map<string, Unconfirmed>();
  #all: Unconfirmed | undefined;
  /** What of these failed, and waits for the replay. */
  readonly #kept = new Set<string>();
  #clearKept = false;
  #changes = 0;
  #waiters: Waiter[] = [];
  #retryMs = firstRetryMs;
  #cancelRetry: (() => void) | undefined;
  #replaying = false;
  #closed = false;

  constructor(tier: Tier<Value>, watch: TierWatch) {
    this.tier = tier;
    this.#watch = watch;
  }

  /** Whether the tier may still answer for this key with what has been invalidated here. */
  isBehind(key: string): boolean {
    return this.#all !== undefined || this.#keys.has(key);
  }

  set(key: string, entry: TierEntry<Value>): void {
    this.#change(key, 'set', () => this.tier.set(key, entry));
  }

  delete(key: string): void {
    this.#change(key, 'delete', () => this.tier.delete([key]));
  }

  clear(): void {
    if (this.#closed) return;
    const change = ++this.#changes;
    this.#all = { first: this.#all?.first ?? this.#firstUnconfirmed() ?? change, last: change };
    // It covers every key so far.
    this.#keys.clear();
    this.#kept.clear();
    void this.#call('clear', () => this.tier.clear()).then((done) => {
      if (done) this.#confirmAll(change);
      else if (this.#all?.last === change) this.#keepClear();
    });
  }

  /** Resolves when the tier has confirmed every change made so far. @throws {CacheClosedError} The cache was closed before that. */
  settled(): Promise<void> {
    if (!this.#isUnconfirmed(this.#changes)) return Promise.resolve();
    if (this.#closed) return Promise.reject(this.#lost());
    const settled = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ upTo: this.#changes, resolve, reject });
    });
    settled.catch(() => {});
    return settled;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRetry?.();
    for (const { reject } of this.#waiters.splice(0)) reject(this.#lost());
  }

  #change(key: string, operation: TierOperation, call: () => Promise<void>): void {
    if (this.#closed) return;
    const change = ++this.#changes;
    const unconfirmed = this.#keys.get(key);
    if (unconfirmed === undefined) this.#keys.set(key, { first: change, last: change });
    else unconfirmed.last = change;
    // The replay of an older change must not undo this one.
    this.#kept.delete(key);
    void this.#call(operation, call).then((done) => {
      if (done) this.#confirm(key, change);
      else if (this.#keys.get(key)?.last === change) this.#keep(key);
    });
  }

  async #call(operation: TierOperation, call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      this.#watch.failed(operation, error);
      return false;
    }
  }

  #confirm(key: string, change: number): void {
    const unconfirmed = this.#keys.get(key);
    if (unconfirmed === undefined) return;
    if (change >= unconfirmed.last) {
      this.#keys.delete(key);
      this.#kept.delete(key);
    } else unconfirmed.first = Math.max(unconfirmed.first, change + 1);
    this.#wake();
  }

  #confirmAll(change: number): void {
    if (this.#all === undefined) return;
    if (change >= this.#all.last) {
      this.#all = undefined;
      this.#clearKept = false;
    } else this.#all.first = Math.max(this.#all.first, change + 1);
    this.#wake();
  }

  #keep(key: string): void {
    this.#kept.add(key);
    if (this.#kept.size > maxKept) {
      const change = ++this.#changes;
      this.#all = { first: this.#all?.first ?? this.#firstUnconfirmed() ?? change, last: change };
      this.#keys.clear();
      this.#kept.clear();
      this.#keepClear();
    } else this.#planReplay();
  }

  #keepClear(): void {
    this.#clearKept = true;
    this.#planReplay();
  }

  #planReplay(): void {
    if (this.#closed || this.#replaying || this.#cancelRetry !== undefined) return;
    this.#cancelRetry = startTimer(this.#retryMs, () => void this.#replay(), true);
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  async #replay(): Promise<void> {
    this.#cancelRetry = undefined;
    this.#replaying = true;
    const cleared = this.#clearKept;
    let replayed = 0;
    let done = true;
    if (cleared) {
      const change = this.#all?.last ?? 0;
      done = await this.#call('clear', () => this.tier.clear());
      if (done) this.#confirmAll(change);
    }
    while (done && !this.#closed && this.#kept.size > 0) {
      const batch = Array.from(this.#kept).slice(0, batchSize);
      const changes = batch.map((key) => this.#keys.get(key)?.last ?? 0);
      done = await this.#call('delete', () => this.tier.delete(batch));
      if (!done) break;
      replayed += batch.length;
      batch.forEach((key, index) => this.#confirm(key, changes[index]!));
    }
    this.#replaying = false;
    if (this.#closed) return;
    if (done) {
      this.#retryMs = firstRetryMs;
      this.#watch.caughtUp(replayed, cleared);
    }
    if (this.#clearKept || this.#kept.size > 0) this.#planReplay();
  }

  #firstUnconfirmed(): number | undefined {
    // Oldest first: a map keeps the order of insertion, and `first` only grows afterwards.
    let first: number | undefined;
    for (const unconfirmed of this.#keys.values()) {
      if (first === undefined || unconfirmed.first < first) first = unconfirmed.first;
    }
    return first;
  }

  #isUnconfirmed(upTo: number): boolean {
    if (this.#all !== undefined && this.#all.first <= upTo) return true;
    for (const { first } of this.#keys.values()) if (first <= upTo) return true;
    return false;
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ upTo }) => this.#isUnconfirmed(upTo));
    for (const waiter of waiters) if (!this.#isUnconfirmed(waiter.upTo)) waiter.resolve();
  }

  #lost(): CacheClosedError {
    return new CacheClosedError(this.#all === undefined ? this.#keys.size : Infinity);
  }
}
