import { type Context, finish } from './backend.ts';
import { append, type CompactLogs, COUNT, forget, NEWEST, OLDEST, placeOf, ROOM } from './compact-logs.ts';
import { refusal, type Decision, wholeMs } from './decision.ts';
import type { NamedRule } from './rules.ts';
import { SharedReading } from './shared-reading.ts';
import type { Counters } from './stats.ts';

/**
 * The check that most callers make, one unit under one exact sliding rule, on the compact log of a key: what `decide` and
 * `finish` do, in one look at plain numbers. A property test holds them together. Promises are made where decisions are: there
 * V8 knows what they resolve with, and need not look for a `then`.
 */
export class CompactChecks {
  readonly #context: Context;
  readonly #counters: Counters;
  readonly #logs: CompactLogs;
  readonly #clock: SharedReading;
  /** The last denial: of which log, from when until when it reads the same, and once it came twice, what all get that are equal. */
  #denied = -1;
  #fromMs = 0;
  #untilMs = 0;
  #denial: Promise<Decision> | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#counters = context.counters;
    this.#logs = context.engine.table.logs;
    this.#clock = new SharedReading(context.now, !context.ownClock);
  }

  /** The time now, for whatever else happens to keys. */
  settle(): number {
    this.#denied = -1;
    return this.#clock.exact();
  }

  /** Checks and counts one unit of a key under `rule`; its log is at `address`. */
  check(key: string, address: number, rule: NamedRule): Promise<Decision> {
    const nowMs = this.#clock.forCheck();
    const denied = address === this.#denied && nowMs < this.#untilMs && nowMs >= this.#fromMs;
    if (denied && this.#denial !== undefined && !this.#context.emitter.active) {
      this.#counters.denied++;
      this.#counters.local++;
      return this.#denial;
    }
    const { limit, windowMs } = rule;
    const page = this.#logs.page(address);
    const start = this.#logs.start(address);
    const edgeMs = nowMs - windowMs;
    let count = page[start + COUNT]! | 0;
    if (count > 0 && page[start + OLDEST]! <= edgeMs) count = forget(page, start, edgeMs);
    if (count >= limit) {
      // With more counted than the limit allows now, the excess has to leave first.
      const freeAtMs = page[placeOf(page, start, count - limit)]! + windowMs;
      return this.#deny(rule, address, nowMs, freeAtMs, denied);
    }
    if (count === page[start + ROOM]!) {
      // What shared a reading is dated first: this moves.
      this.settle();
      return this.check(key, this.#context.engine.table.grow(key, address), rule);
    }
    // A clock that steps back must not let units leave early.
    const place = append(page, start, count > 0 ? Math.max(nowMs, page[start + NEWEST]!) : nowMs);
    if (this.#clock.shared) this.#clock.note(page, start, place);
    this.#counters.allowed++;
    this.#counters.local++;
    return Promise.resolve({
      allowed: true,
      limit,
      remaining: limit - count - 1,
      resetMs: wholeMs(page[start + OLDEST]! - edgeMs),
      retryAfterMs: 0,
      rule: rule.name,
      source: 'local',
    });
  }

  /** Denials that are equal and follow each other are one frozen object: who is kept out by the thousand costs little. */
  #deny(rule: NamedRule, address: number, nowMs: number, freeAtMs: number, again: boolean): Promise<Decision> {
    const draft = refusal(rule, freeAtMs - nowMs, 'local');
    const denial = Promise.resolve(finish(this.#context, draft));
    // What shadow mode has turned around is counted otherwise.
    this.#denial = again && !this.#context.shadow ? denial : undefined;
    if (this.#denial !== undefined) Object.freeze(draft);
    this.#denied = address;
    this.#fromMs = nowMs;
    this.#untilMs = freeAtMs - draft.resetMs + 1;
    return denial;
  }
}
