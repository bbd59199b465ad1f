import { within } from './deadline.ts';
import type { LaneOptions } from './lane.ts';
import { isSettled, mergeSome } from './merge.ts';
import type { Amendment } from './store.ts';
import { Uncounted } from './uncounted.ts';

/** How long the store may take to accept a change. */
const AMEND_TIMEOUT_MS = 1_000;
/** The most changes that are kept for a store that is away; the oldest go first. */
const MAX_REPLAY = 1_024;
/** Under steady traffic there is always one more admission to tell: after this time the store takes over all the same. */
const CATCH_UP_MS = 250;

interface Kept {
  amendment: Amendment;
  atMs: number;
}

/** What one shard of the store has to be told when it is back: admissions, and changes that were made meanwhile. */
export class Ledger {
  readonly uncounted: Uncounted = new Uncounted();
  readonly #forgotten = new Set<string>();
  readonly #options: LaneOptions;
  #kept: Kept[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Notes units that this process admitted by itself. */
  admit(key: string, units: number): void {
    const { context } = this.#options;
    let horizonMs = 0;
    for (const rule of context.rules) horizonMs = Math.max(horizonMs, rule.windowMs);
    this.uncounted.add(key, units, context.now(), horizonMs);
  }

  /** Makes a change in the store now. @returns false if it could not be made; it is kept then. */
  async amend(amendment: Amendment): Promise<boolean> {
    const { context, store, shard } = this.#options;
    try {
      await within(AMEND_TIMEOUT_MS, store.amend(shard, context.rules, [amendment]));
      return true;
    } catch {
      this.keep(amendment);
      return false;
    }
  }

  /** Keeps a change for the return of the store. */
  keep(amendment: Amendment): void {
    if (this.#kept.length >= MAX_REPLAY) this.#kept.shift();
    this.#kept.push({ amendment, atMs: this.#options.context.now() });
  }

  forgetKey(key: string): void {
    this.uncounted.delete(key);
    this.#forgotten.delete(key);
  }

  /** The store lost its state: all that this process was ever admitted and still matters has to be told again. */
  storeForgot(): void {
    const { context, store, shard } = this.#options;
    for (const key of context.engine.table.keys()) if (store.shardOf(key) === shard) this.#forgotten.add(key);
  }

  /** Tells the store everything. @returns units that were told. @throws what the store throws; what it did not accept stays. */
  async settle(): Promise<number> {
    const { context, store, shard } = this.#options;
    const debt = { uncounted: this.uncounted, forgotten: this.#forgotten };
    const startedAtMs = context.now();
    let units = 0;
    while (!isSettled(debt) && (this.#forgotten.size > 0 || context.now() - startedAtMs < CATCH_UP_MS)) {
      units += await within(AMEND_TIMEOUT_MS, mergeSome(context, store, shard, debt));
    }
    while (this.#kept.length > 0) {
      const some = this.#kept.slice(0, 64);
      await within(
        AMEND_TIMEOUT_MS,
        store.amend(
          shard,
          context.rules,
          some.map((kept) => this.#asOfNow(kept)),
        ),
      );
      this.#kept = this.#kept.slice(some.length);
    }
    return units;
  }

  #asOfNow({ amendment, atMs }: Kept): Amendment {
    if (amendment.kind !== 'block') return amendment;
    return { ...amendment, ms: Math.max(0, amendment.ms - (this.#options.context.now() - atMs)) };
  }
}
