import { Backoff } from './backoff.ts';
import type { Emit } from './events.ts';
import { checkDuration, type Settings } from './options.ts';
import type { Counts } from './stats.ts';
import { Store, type EvictReason } from './store.ts';
import { paceOf, Timekeeper } from './timekeeper.ts';

/** A sweep gives way after so long, looked at after so many entries. */
const sliceMs = 1.5;
const stepSize = 256;

interface Removed<Value, Key> {
  readonly key: Key;
  readonly value: Value;
  readonly reason: EvictReason;
}

/** What is held, under the rules of the options: lives, sizes, copies, the sweep, and who is told of removals. */
export class Entries<Value, Key> {
  readonly store: Store<Value, Key>;
  readonly time: Timekeeper;
  readonly backoff: Backoff<Key>;
  readonly #settings: Settings<Value, Key>;
  readonly #counts: Counts;
  readonly #emit: Emit<Key>;
  readonly #sizeOf: Settings<Value, Key>['sizeOf'];
  readonly #removed: Removed<Value, Key>[] = [];
  #sweep: Generator<undefined, void, void> | undefined;
  #slices = 0;
  #expiredBefore = 0;
  /**
   * Above 0, the usual life of values, long enough to outlive the epoch, and there is nothing else to do for a `set` of a
   * key that is held: no size, no copy, no tier, nobody to tell.
   */
  readonly quickLifeMs: number;
  /** Whether no load runs that a `set` would have to take off its key. */
  isIdle: () => boolean = () => true;
  closed = false;

  constructor(settings: Settings<Value, Key>, counts: Counts, emit: Emit<Key>) {
    const { ttlMs, jitter, maxEntries, maxBytes, staleWhileRevalidateMs, staleIfErrorMs, now, retryMs } = settings;
    this.#settings = settings;
    this.#sizeOf = settings.sizeOf;
    this.#counts = counts;
    this.#emit = emit;
    this.backoff = new Backoff(retryMs);
    const staleMs = Math.max(staleWhileRevalidateMs, staleIfErrorMs);
    const usualLifeMs = typeof ttlMs === 'number' && jitter === 0 ? ttlMs : Number.NaN;
    const lifeMs = typeof ttlMs === 'number' ? ttlMs * (1 - jitter) - settings.refreshAheadMs : 0;
    const pace = paceOf(lifeMs);
    this.store = new Store(
      { looks: pace.looks, maxEntries, maxBytes, staleMs, usualLifeMs, watched: settings.onEvict !== undefined },
      (key, value, reason) => this.#onRemove(key, value, reason),
    );
    // Copies are made at each look.
    const marginMs = settings.clone === undefined ? settings.refreshAheadMs : Infinity;
    this.time = new Timekeeper(now, pace, marginMs, this.store, {
      renewed: (nowMs) => this.store.renew(nowMs !== Infinity && this.maySetQuickly(), nowMs, this.quickLifeMs),
      sweep: () => this.#sweepSlice(),
      forgetEpochs: () => this.store.forgetEpochs(),
    });
    const extras = [settings.sizeOf, settings.clone, settings.tier, settings.onEvict];
    const quick = typeof ttlMs === 'number' && jitter === 0 && extras.every((extra) => extra === undefined);
    this.quickLifeMs = quick && lifeMs > this.time.longLifeMs ? ttlMs : 0;
  }

  /**
   * How long a value, or `undefined` for "not found", is to live.
   * @throws {RangeError | TypeError} `ttlMs` or what the function of that name returned is no duration.
   */
  lifeMs(key: Key, value: Value | undefined, ttlMs: number | undefined): number {
    const { ttlMs: usual, negativeTtlMs, jitter } = this.#settings;
    let lifeMs: number;
    if (value === undefined) lifeMs = negativeTtlMs;
    else if (ttlMs !== undefined) checkDuration('ttlMs', (lifeMs = ttlMs));
    else if (typeof usual === 'number') lifeMs = usual;
    else checkDuration('ttlMs', (lifeMs = usual(value, key)));
    // Infinity has no share.
    return jitter === 0 || lifeMs === Infinity ? lifeMs : lifeMs - lifeMs * jitter * Math.random();
  }

  /** Holds a value, or "not found"; with no life left, or larger than all there is room for, just drops the old one. False: too large. `absent`: nothing is held. */
  keep(key: Key, value: Value | undefined, lifeMs: number, absent = false): boolean {
    if (this.closed) return true;
    const size = this.#sizeOf === undefined || value === undefined ? 0 : checkedSize(this.#sizeOf(value, key));
    const fits = size <= this.#settings.maxBytes;
    this.backoff.forget(key);
    if (fits && lifeMs > 0) {
      const bornMs = this.time.birth(lifeMs);
      if (absent) this.store.insert(key, value, bornMs, lifeMs, size);
      else this.store.write(key, value, bornMs, lifeMs, size);
      if (!this.time.sweepPlanned) this.planSweep(lifeMs);
    } else this.drop(key, 'deleted');
    return fits;
  }

  /** Drops what is held for the key; false if nothing was. */
  drop(key: Key, reason: EvictReason): boolean {
    const slot = this.store.index.get(key);
    if (slot === undefined) return false;
    this.store.remove(key, slot, reason);
    return true;
  }

  /** Drops the key on request. False if nothing was held, or only what had run out of all its windows. */
  invalidate(key: Key): boolean {
    const slot = this.store.index.get(key);
    if (slot === undefined) return false;
    const dead = this.store.isDead(slot, this.time.now());
    this.store.remove(key, slot, dead ? 'expired' : 'deleted');
    if (!dead) this.#counts.invalidated++;
    return !dead;
  }

  /** Drops everything, and tells how many entries that were. */
  clear(): number {
    const { size } = this.store.index;
    this.#counts.invalidated += size;
    this.backoff.clear();
    this.store.clear(this.#settings.onEvict !== undefined);
    return size;
  }

  /** The value held, of whatever age, as a copy if copies are asked for. */
  held(key: Key): Value | undefined {
    const slot = this.store.index.get(key);
    return slot === undefined ? undefined : this.copy(this.store.values[slot]);
  }

  /** A copy, if copies are asked for. */
  copy(value: Value | undefined): Value | undefined {
    const { clone } = this.#settings;
    return clone === undefined || value === undefined ? value : clone(value);
  }

  /** A failed reload: if an old value is held that may still answer, its next reload waits. Tells whether there is one. */
  noteFailure(key: Key): boolean {
    const slot = this.store.index.get(key);
    const nowMs = this.time.now();
    if (slot === undefined || this.store.values[slot] === undefined || this.store.isDead(slot, nowMs)) return false;
    const { ttlMs } = this.#settings;
    const lifeMs = typeof ttlMs === 'number' ? ttlMs : this.store.expiresAt[slot]! - this.store.bornAt(slot);
    this.backoff.failed(key, nowMs, lifeMs);
    // The pause ends with the entry, which must be told of from now on.
    this.store.watched = true;
    return true;
  }

  /** Tells `onEvict` what has been removed. Comes last in every public operation, so that the listener finds a whole cache. */
  tellRemovals(): void {
    if (this.#removed.length > 0) this.#tell();
  }

  #tell(): void {
    do {
      for (const { key, value, reason } of this.#removed.splice(0)) {
        try {
          this.#settings.onEvict?.(key, value, reason);
        } catch {
          // A listener breaks nothing.
        }
      }
    } while (this.#removed.length > 0);
  }

  close(): void {
    this.closed = true;
    this.#sweep = undefined;
    this.time.stop();
    this.backoff.clear();
    this.store.clear(this.#settings.onEvict !== undefined);
  }

  /**
   * Whether a `set` has nothing else to look after. A load that starts ends that at once, by `store.setsLeft`; what else ends it comes
   * during a load or in a turn of the timer, which asks here again.
   */
  maySetQuickly(): boolean {
    const idle = this.store.survivors === undefined && this.backoff.size === 0 && this.isIdle();
    const planned = this.time.sweepPlanned || !this.#mayExpire(this.quickLifeMs);
    return this.quickLifeMs > 0 && idle && planned && !this.closed;
  }

  #onRemove(key: Key, value: Value | undefined, reason: EvictReason): void {
    if (reason !== 'replaced') this.backoff.forget(key);
    if (value !== undefined && this.#settings.onEvict !== undefined) this.#removed.push({ key, value, reason });
  }

  /** Plans the sweep for an entry that will expire. */
  planSweep(lifeMs: number): void {
    if (this.#mayExpire(lifeMs)) this.time.planSweep(this.#settings.reapIntervalMs);
  }

  #mayExpire(lifeMs: number): boolean {
    // The quick way of `set` leaves this to the entry that it overwrites.
    const expires = lifeMs !== Infinity || (this.quickLifeMs > 0 && this.quickLifeMs !== Infinity);
    return expires && this.#settings.reapIntervalMs !== Infinity;
  }

  #sweepSlice(): number | undefined {
    if (this.#sweep === undefined) {
      this.#sweep = this.store.sweep(this.time.now(), stepSize);
      this.#slices = 0;
      this.#expiredBefore = this.store.expired;
    }
    this.#slices++;
    const untilMs = performance.now() + sliceMs;
    let done: boolean | undefined;
    do ({ done } = this.#sweep.next());
    while (done !== true && performance.now() < untilMs);
    this.tellRemovals();
    if (this.closed) return undefined;
    if (done !== true) return 0;
    this.#sweep = undefined;
    const expired = this.store.expired - this.#expiredBefore;
    if (expired > 0) this.#emit(() => ({ type: 'reaped', expired, slices: this.#slices }));
    return this.store.index.size > 0 && !this.closed ? this.#settings.reapIntervalMs : undefined;
  }
}

/** Whole numbers add up and subtract without a rest. */
function checkedSize(size: number): number {
  if (!(typeof size === 'number' && size >= 0))
    throw new RangeError(`sizeOf: expected a number >= 0, got ${String(size)}`);
  return Math.ceil(size);
}
