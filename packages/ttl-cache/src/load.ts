import { LoadTimeoutError } from './errors.ts';
import { runWithin, type Running } from './recursion.ts';
import { startTimer } from './timer.ts';

/** What a loader is told. */
export interface LoadContext<Value, Key = string> {
  readonly key: Key;
  /** Aborts when the load times out, and only then: no caller's abort or deadline reaches it. */
  readonly signal: AbortSignal;
  /** The value held now, if there is one, for a conditional request. Usually expired; fresh for `refresh` and ahead of expiry. */
  readonly stale?: Value;
}

/**
 * Brings the value of a key; `undefined` means that there is none. Called synchronously, in the async context of the
 * caller that starts the load. What it throws goes to all who wait.
 */
export type Loader<Value, Key = string> = (
  context: LoadContext<Value, Key>,
) => Value | undefined | PromiseLike<Value | undefined>;

/** Who hears what becomes of a call of the loader. Nothing that is thrown here is caught. */
export interface Outcome<Value> {
  loaded(value: Value | undefined): void;
  failed(error: unknown): void;
  /** The loader brought something after the time-out; nobody gets it. */
  late(): void;
}

/** One load of one key, from its first caller to its end. */
export class Load<Value, Key> implements Running {
  readonly key: Key;
  readonly startedMs: number;
  /** Nobody waits for its start: its timers do not keep the process alive. */
  readonly background: boolean;
  /** The key was deleted, cleared or set since the load started: the result must not be stored. */
  outdated = false;
  ended = false;
  /** Nothing was held for the key when it started. Nothing can be while it is registered: whoever stores takes it off. */
  cold = false;
  /** What a crowd shares while the turn lasts in which it started: its loader has returned, so who comes then is no part of it. */
  crowd: Promise<Value | undefined> | undefined = undefined;
  /** What callers without a signal share, where the first had none either. */
  promise: Promise<Value | undefined> | undefined;
  #controller: AbortController | undefined;
  #timedOut: LoadTimeoutError | undefined;

  constructor(key: Key, startedMs: number, background: boolean) {
    this.key = key;
    this.startedMs = startedMs;
    this.background = background;
  }

  /** Made on first use: most loaders never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#timedOut !== undefined) this.#controller.abort(this.#timedOut);
    }
    return this.#controller.signal;
  }

  /** Calls the loader once. Of `loaded` and `failed` one is called, once: as the loader settles, or after `timeoutMs`, whichever is first. */
  call(loader: Loader<Value, Key>, stale: Value | undefined, timeoutMs: number, outcome: Outcome<Value>): void {
    const timeOut = () => {
      const error = new LoadTimeoutError(this.key, timeoutMs);
      this.#timedOut = error;
      outcome.failed(error);
      this.#controller?.abort(error);
    };
    const cancel = startTimer(timeoutMs, timeOut, this.background);
    let settled: Promise<Value | undefined>;
    try {
      settled = Promise.resolve(runWithin(this, () => loader(contextOf(this, stale))));
    } catch (error) {
      cancel();
      outcome.failed(error);
      return;
    }
    settled.then(
      (value) => {
        if (this.#timedOut !== undefined) return outcome.late();
        cancel();
        outcome.loaded(value);
      },
      (error: unknown) => {
        if (this.#timedOut !== undefined) return;
        cancel();
        outcome.failed(error);
      },
    );
  }
}

/** A class: an object literal with a getter takes V8 as long to make as a timer. */
class Context<Value, Key> implements LoadContext<Value, Key> {
  readonly key: Key;
  readonly #load: Load<Value, Key>;

  constructor(load: Load<Value, Key>) {
    this.key = load.key;
    this.#load = load;
  }

  get signal(): AbortSignal {
    return this.#load.signal;
  }
}

function contextOf<Value, Key>(load: Load<Value, Key>, stale: Value | undefined): LoadContext<Value, Key> {
  const context = new Context(load);
  return stale === undefined ? context : Object.assign(context, { stale });
}
