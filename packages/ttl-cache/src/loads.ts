import { createSingleflight, type Singleflight } from '@corral/singleflight';
import type { Entries } from './entries.ts';
import type { Emit } from './events.ts';
import { Load, type Loader } from './load.ts';
import type { Settings } from './options.ts';
import { atTurnEnd, isWithin } from './recursion.ts';
import type { Counts } from './stats.ts';
import type { TierEntry, TierHit } from './tier.ts';
import type { TierCalls } from './tier-calls.ts';

export interface LoadRequest<Value, Key> {
  readonly loader: Loader<Value, Key>;
  readonly ttlMs: number | undefined;
  /** What the tier must have left for its value to answer; see `TierRequest`. */
  readonly minTtlMs: number;
  readonly background: boolean;
  /** Nothing is held for the key, as its caller has just seen. */
  readonly cold?: boolean;
}

/**
 * The loads that run: one for a key at a time, and each may store its result only while it is still the registered one.
 * `detach` takes it off its key: who waits keeps it, who comes later starts anew, and nothing is stored.
 */
export class Loads<Value, Key> {
  readonly #flights: Singleflight<Value | undefined, Key> = createSingleflight();
  readonly #current = new Map<Key, Load<Value, Key>>();
  /** The one of `#current` that a caller came for last: a crowd wants it again. */
  latest: Load<Value, Key> | undefined = undefined;
  readonly #settings: Settings<Value, Key>;
  readonly #entries: Entries<Value, Key>;
  readonly #tier: TierCalls<Value> | undefined;
  readonly #counts: Counts;
  readonly #emit: Emit<Key>;

  constructor(
    settings: Settings<Value, Key>,
    entries: Entries<Value, Key>,
    tier: TierCalls<Value> | undefined,
    counts: Counts,
    emit: Emit<Key>,
  ) {
    this.#settings = settings;
    this.#entries = entries;
    this.#counts = counts;
    this.#emit = emit;
    this.#tier = tier;
    entries.isIdle = () => this.#flights.size === 0;
  }

  isRunning(key: Key): boolean {
    return this.#flights.has(key);
  }

  /** Whether the caller is itself part of the load that runs for the key: waiting for it would last for ever. */
  isWithin(key: Key): boolean {
    const load = this.#current.get(key);
    return load !== undefined && isWithin(load);
  }

  /** The promise of the load that runs, where a caller without a signal may simply share it: the quick way for a crowd. */
  shared(key: Key): Promise<Value | undefined> | undefined {
    let load = this.latest;
    if (load === undefined || load.key !== key) {
      load = this.#current.get(key);
      if (load === undefined) return undefined;
      this.latest = load;
    }
    return isWithin(load) ? undefined : load.promise;
  }

  /**
   * The same for the latest load where nothing is held for its key. A crowd so spares the store a search in vain, which in a `Map` from
   * which the key was often deleted is a long one. Those who come in the turn in which it starts find the promise in `crowd`.
   */
  lateCrowd(latest: Load<Value, Key>): Promise<Value | undefined> | undefined {
    return latest.cold && !isWithin(latest) ? latest.promise : undefined;
  }

  /** Waits for the load that runs for the key; without a signal, for the one promise that all share. */
  join(key: Key, signal: AbortSignal | undefined): Promise<Value | undefined> {
    // The work is not called: there is a flight.
    return this.#flights.do(key, nothing, signal === undefined ? undefined : { signal });
  }

  /** Starts a load; none may run for the key. */
  start(key: Key, request: LoadRequest<Value, Key>, signal?: AbortSignal): Promise<Value | undefined> {
    const load = new Load<Value, Key>(key, this.#entries.time.now(), request.background);
    load.cold = request.cold === true || this.#entries.store.index.get(key) === undefined;
    this.#current.set(key, load);
    this.latest = load;
    this.#counts.inFlight++;
    this.#entries.store.setsLeft = 0;
    const work = () => this.#run(load, request);
    // Not by joining afterwards: the loader may have taken the load off its key by then.
    if (signal !== undefined) return this.#flights.do(key, work, { signal });
    atTurnEnd(() => (load.crowd = undefined));
    load.promise = this.#flights.do(key, work);
    if (load.cold) load.crowd = load.promise;
    return load.promise;
  }

  detach(key: Key): void {
    if (this.#flights.size === 0) return;
    const load = this.#current.get(key);
    if (load !== undefined) load.outdated = true;
    this.latest = undefined;
    this.#current.delete(key);
    // Also where the load has ended, but its flight has not yet: nobody may join it any more.
    this.#flights.forget(key);
  }

  detachAll(): void {
    for (const load of this.#current.values()) load.outdated = true;
    this.latest = undefined;
    this.#current.clear();
    this.#flights.clear();
  }

  #run(load: Load<Value, Key>, request: LoadRequest<Value, Key>): Promise<Value | undefined> {
    return this.#tier === undefined ? this.#runAlone(load, request) : this.#runWithTier(this.#tier, load, request);
  }

  /** In one step: an `async` function would take as long as a dozen joins. */
  #runAlone(load: Load<Value, Key>, request: LoadRequest<Value, Key>): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      const loaded = (entry: TierEntry<Value>) => {
        try {
          resolve(this.#store(load, entry));
        } catch (error) {
          reject(error);
        }
        this.#end(load);
      };
      const failed = (error: unknown) => {
        reject(error);
        this.#end(load);
      };
      this.#callLoader(load, request, loaded, failed);
    });
  }

  async #runWithTier(
    tier: TierCalls<Value>,
    load: Load<Value, Key>,
    request: LoadRequest<Value, Key>,
  ): Promise<Value | undefined> {
    try {
      const { key, background } = load;
      const answer = this.#entries.closed ? undefined : await tier.ask(key, request.minTtlMs, background);
      if (answer?.kind === 'hit') return this.#takeHit(load, answer);
      let entry: TierEntry<Value>;
      try {
        entry = await new Promise((resolve, reject) => this.#callLoader(load, request, resolve, reject));
      } catch (error) {
        tier.release(answer);
        throw error;
      }
      if (answer !== undefined) {
        if (load.outdated) tier.release(answer);
        else if ((await tier.fill(answer, entry, background)) === 'refused')
          return this.#takeRefusal(load, entry.value);
      }
      return this.#store(load, entry);
    } finally {
      this.#end(load);
    }
  }

  /** Calls the loader, and then one of the two, once. What the loader brought comes as it is to be held. */
  #callLoader(
    load: Load<Value, Key>,
    request: LoadRequest<Value, Key>,
    loaded: (entry: TierEntry<Value>) => void,
    failed: (error: unknown) => void,
  ): void {
    const { key } = load;
    this.#counts.loads++;
    const fail = (error: unknown) => {
      this.#noteFailure(load, error);
      failed(error);
    };
    const take = (brought: Value | undefined) => {
      let entry: TierEntry<Value>;
      try {
        const value = this.#entries.copy(brought);
        entry = { value, ttlMs: this.#entries.lifeMs(key, value, request.ttlMs) };
      } catch (error) {
        return fail(error);
      }
      this.#emit(() => ({ type: 'loaded', key, from: 'loader', durationMs: this.#durationMs(load) }));
      loaded(entry);
    };
    let held: Value | undefined;
    try {
      held = load.cold ? undefined : this.#entries.held(key);
    } catch (error) {
      return fail(error);
    }
    load.call(request.loader, held, this.#settings.loadTimeoutMs, {
      loaded: take,
      failed: fail,
      late: () => this.#discard(load, 'late'),
    });
  }

  #noteFailure(load: Load<Value, Key>, error: unknown): void {
    const { key } = load;
    this.#counts.loadErrors++;
    const covered = !load.outdated && this.#entries.noteFailure(key);
    this.#emit(() => ({ type: 'loadFailed', key, error, covered, durationMs: this.#durationMs(load) }));
  }

  #end(load: Load<Value, Key>): void {
    load.ended = true;
    this.#counts.inFlight--;
    // Another load may have the key by now.
    if (this.#current.get(load.key) === load) this.#current.delete(load.key);
    if (this.latest === load) this.latest = undefined;
    this.#entries.tellRemovals();
  }

  /** Stores the result if the load is still the registered one of its key. */
  #store(load: Load<Value, Key>, { value, ttlMs }: TierEntry<Value>): Value | undefined {
    if (load.outdated) {
      this.#discard(load, 'outdated');
      return value;
    }
    if (!this.#entries.keep(load.key, value, ttlMs, load.cold)) this.#discard(load, 'tooLarge');
    return value;
  }

  #takeHit(load: Load<Value, Key>, hit: TierHit<Value>): Value | undefined {
    const value = this.#entries.copy(hit.value);
    this.#counts.tierHits++;
    this.#emit(() => ({ type: 'loaded', key: load.key, from: 'tier', durationMs: this.#durationMs(load) }));
    // A remembered "not found" lives as long as the tier says.
    const lifeMs = value === undefined ? Infinity : this.#entries.lifeMs(load.key, value, undefined);
    return this.#store(load, { value, ttlMs: Math.min(hit.ttlMs, lifeMs) });
  }

  /** Another process has invalidated the key since the lease was given: what is held here is no newer. */
  #takeRefusal(load: Load<Value, Key>, value: Value | undefined): Value | undefined {
    if (!load.outdated) this.#entries.drop(load.key, 'deleted');
    this.#discard(load, 'refused');
    return value;
  }

  #discard(load: Load<Value, Key>, reason: 'outdated' | 'refused' | 'late' | 'tooLarge'): void {
    this.#counts.discarded++;
    this.#emit(() => ({ type: 'discarded', key: load.key, reason }));
  }

  #durationMs(load: Load<Value, Key>): number {
    return this.#entries.time.now() - load.startedMs;
  }
}

const nothing = () => undefined;

export function rejected(reason: unknown): Promise<never> {
  const rejection: Promise<never> = Promise.reject(reason);
  // The caller may have gone without looking.
  rejection.catch(nothing);
  return rejection;
}
