import { KeyedFullError, KeyedTimeoutError } from './keyed-errors.ts';
import { after } from './timer.ts';
import { WaitQueue, type Place } from './wait-queue.ts';

interface Caller<Input> {
  readonly input: Input;
  admit(): void;
  refuse(error: unknown): void;
}

/** Callers that wait for room in a full store: in the order in which their keys came, all callers of a key together. */
export class Line<Input> {
  waiting = 0;
  timedOut = 0;
  readonly #groups = new Map<string, WaitQueue<Caller<Input>>>();
  readonly #limits: { max: number; maxWaiting: number; now: () => number };

  constructor(limits: { max: number; maxWaiting: number; now: () => number }) {
    this.#limits = limits;
  }

  get nextKey(): string | undefined {
    return this.#groups.keys().next().value;
  }

  /** Resolves when there is room for `key`. Rejects with the signal's reason, at the deadline, or at once when the line is full. */
  join(key: string, input: Input, options: { signal: AbortSignal | undefined; timeoutMs: number }): Promise<void> {
    const { max, maxWaiting, now } = this.#limits;
    const { signal, timeoutMs } = options;
    if (this.waiting >= maxWaiting) return Promise.reject(new KeyedFullError(max, this.waiting));
    return new Promise((resolve, reject) => {
      const sinceMs = now();
      const group = this.#groups.get(key) ?? new WaitQueue<Caller<Input>>();
      this.#groups.set(key, group);
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.waiting -= 1;
        group.leave(place);
        if (group.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
      };
      const place: Place<Caller<Input>> = group.join({
        input,
        admit() {
          leave();
          resolve();
        },
        refuse(error) {
          leave();
          reject(error);
        },
      });
      this.waiting += 1;
      const onAbort = () => place.item.refuse(signal?.reason);
      const timer = after(timeoutMs, () => {
        this.timedOut += 1;
        place.item.refuse(new KeyedTimeoutError(now() - sinceMs, max));
      });
      signal?.addEventListener('abort', onAbort);
    });
  }

  /** Lets all callers of `key` in. */
  admit(key: string): void {
    for (const caller of this.#groups.get(key) ?? []) caller.admit();
  }

  refuseAll(error: unknown): void {
    for (const group of this.#groups.values()) for (const caller of group) caller.refuse(error);
  }
}
