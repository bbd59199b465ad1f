import type { Timer } from './timer.ts';

/** What the work is told. */
export interface FlightContext<Key> {
  readonly key: Key;
  /**
   * Aborts when the flight times out, or, with `whenAbandoned: 'abort'`, when its last caller has left. It belongs to
   * no caller: no single caller's abort or deadline reaches it.
   */
  readonly signal: AbortSignal;
}

const ignore = () => {};

/** One execution and its callers. Says who waits; knows nothing of keys, maps or counters beside it. */
export class Flight<Value, Key> implements FlightContext<Key> {
  readonly key: Key;
  readonly promise: Promise<Value>;
  /** Callers so far, and those of them that still wait. A caller without a signal waits to the end. */
  callers = 0;
  waiting = 0;
  /** The outcome is decided; what the work does from here on changes nothing. */
  ended = false;
  abandoned = false;
  /** Somebody looked on when it started. */
  watched = false;
  timer: Timer | undefined;
  #resolve!: (value: Value) => void;
  #reject!: (error: unknown) => void;
  #controller: AbortController | undefined;
  #stop: { readonly reason: unknown } | undefined;

  constructor(key: Key) {
    this.key = key;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Made on first use: most work never looks at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stop !== undefined) this.#controller.abort(this.#stop.reason);
    }
    return this.#controller.signal;
  }

  resolve(value: Value): void {
    this.#end();
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.#end();
    // Callers may all have left, or dropped the promise: a failure is reported by event, never as unhandled. Not at the start:
    // most flights do not fail, and each would pay for a promise more.
    this.promise.catch(ignore);
    this.#reject(reason);
  }

  /** Ends the flight from outside: whoever waits gets `reason`, and the work is told to stop. */
  stop(reason: unknown): void {
    this.reject(reason);
    this.#stop = { reason };
    this.#controller?.abort(reason);
  }

  #end(): void {
    this.ended = true;
    this.timer?.cancel();
  }
}

/**
 * A caller's own view of a promise: settles as it does, or rejects with `signal.reason` at the abort, whichever is
 * first. `left` is called in the second case. The listener is gone after either.
 */
export function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal, left: () => void): Promise<Value> {
  const own = new Promise<Value>((resolve, reject) => {
    const leave = () => {
      signal.removeEventListener('abort', leave);
      reject(signal.reason);
      left();
    };
    // The work may have aborted its own first caller, before this caller came to listen.
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave);
    const settled = () => signal.removeEventListener('abort', leave);
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: unknown) => {
        settled();
        reject(error);
      },
    );
  });
  own.catch(ignore);
  return own;
}
