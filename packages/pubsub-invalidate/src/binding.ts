import { checkMs, checkOneOf } from './check.ts';
import type { Gap } from './events.ts';
import type { Kinds, PayloadOf } from './kind.ts';
import { Recheck } from './recheck.ts';

/** Anything that can forget: a ttl-cache, a Map, a memo. Loads in flight must be voided by both, as ttl-cache does. */
export interface BindTarget {
  delete(key: string): unknown;
  clear(): unknown;
}

/** For `invalidator.bind`. */
export interface BindOptions<K extends Kinds> {
  /** The target's keys that a change of this kind touches. Kinds that are not named do not touch the target. */
  readonly keys: {
    readonly [Name in keyof K]?: ((payload: PayloadOf<K[Name]>) => Iterable<string> | 'all') | undefined;
  };
  /** After a loss: `clear` (default), or an own answer. "Everything changed" clears in any case. */
  readonly onGap?: 'clear' | ((gap: Gap) => void) | undefined;
  /**
   * While a message may be missed: `serve` (default) keeps what is held until the session is back and then clears once;
   * `clear` forgets everything at the first doubt and again each heartbeat, so that nothing older than one heartbeat is served.
   */
  readonly whileSuspect?: 'serve' | 'clear' | undefined;
  /** Milliseconds after which each deletion is repeated, for loads that read from a lagging replica. Default: not repeated. */
  readonly recheckMs?: number | undefined;
}

/** A target that is kept true. */
export interface Binding {
  /** Everything published is heard right now. */
  readonly trusted: boolean;
  /** The target is on its own again. */
  dispose(): void;
}

/** Turns hints and gaps into `delete` and `clear`. An error in `keys` clears: what cannot be derived may be anything. */
export class Bound<K extends Kinds> {
  readonly #target: BindTarget;
  readonly #keys: BindOptions<K>['keys'];
  readonly #onGap: 'clear' | ((gap: Gap) => void);
  readonly #whileSuspect: 'serve' | 'clear';
  readonly #recheck: Recheck | undefined;
  readonly #onError: (error: unknown) => void;

  constructor(target: BindTarget, options: BindOptions<K>, now: () => number, onError: (error: unknown) => void) {
    const { keys, onGap = 'clear', whileSuspect = 'serve', recheckMs } = options;
    if (typeof target?.delete !== 'function' || typeof target.clear !== 'function') {
      throw new TypeError('target: expected an object with delete(key) and clear()');
    }
    if (typeof keys !== 'object' || keys === null)
      throw new TypeError('keys: expected an object with a function for each kind');
    for (const [name, derive] of Object.entries(keys)) {
      if (derive !== undefined && typeof derive !== 'function')
        throw new TypeError(`keys: expected a function for ${name}, got ${derive === null ? 'null' : typeof derive}`);
    }
    this.#target = target;
    this.#keys = keys;
    this.#onGap = typeof onGap === 'function' ? onGap : checkOneOf<'clear'>('onGap', onGap, ['clear']);
    this.#whileSuspect = checkOneOf('whileSuspect', whileSuspect, ['serve', 'clear']);
    this.#onError = onError;
    if (recheckMs !== undefined) {
      this.#recheck = new Recheck(checkMs('recheckMs', recheckMs), now, (some) => this.#forget(some));
    }
  }

  changed(kind: string, payload: unknown): void {
    const derive = Object.hasOwn(this.#keys, kind) ? this.#keys[kind] : undefined;
    if (!derive) return;
    let keys: readonly string[] | 'all';
    try {
      const derived = derive(payload as never);
      keys = derived === 'all' ? 'all' : typeof derived === 'string' ? [derived] : [...derived];
    } catch (error) {
      this.#onError(error);
      keys = 'all';
    }
    this.#forgetTwice(keys);
  }

  gap(gap: Gap): void {
    if (this.#onGap === 'clear' || gap.reason === 'overflow') this.#forgetTwice('all');
    if (this.#onGap !== 'clear') this.#guard(() => (this.#onGap as (gap: Gap) => void)(gap));
  }

  doubt(): void {
    if (this.#whileSuspect === 'clear') this.#forget('all');
  }

  stop(): void {
    this.#recheck?.stop();
  }

  #forgetTwice(keys: readonly string[] | 'all'): void {
    this.#forget(keys);
    this.#recheck?.add(keys);
  }

  #forget(keys: readonly string[] | 'all'): void {
    if (keys === 'all') this.#guard(() => this.#target.clear());
    else for (const key of keys) this.#guard(() => this.#target.delete(key));
  }

  /** One key that fails must not keep the others; a promise that rejects is reported like a throw. */
  #guard(run: () => unknown): void {
    try {
      const result = run();
      if (result instanceof Promise) result.catch((error: unknown) => this.#onError(error));
    } catch (error) {
      this.#onError(error);
    }
  }
}
