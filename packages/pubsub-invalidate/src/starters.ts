import { timeout } from './deadline.ts';
import { BusClosedError, BusStartError } from './errors.ts';

/** The callers of `start()`: each waits for the first live moment, at most `timeoutMs`, and each can leave alone. */
export class Starters {
  readonly #transport: string;
  readonly #timeoutMs: number;
  readonly #waiting = new Set<{ resolve(): void; reject(error: unknown): void }>();
  #lastError: unknown;

  constructor(transport: string, timeoutMs: number) {
    this.#transport = transport;
    this.#timeoutMs = timeoutMs;
  }

  wait(signal: AbortSignal | undefined): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(entry);
      };
      const entry = {
        resolve: () => {
          leave();
          resolve();
        },
        reject: (error: unknown) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => entry.reject(signal?.reason);
      const timer =
        this.#timeoutMs === Infinity ? undefined : timeout(() => entry.reject(this.#late()), this.#timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(entry);
    });
    promise.catch(() => {});
    return promise;
  }

  live(): void {
    for (const { resolve } of this.#waiting) resolve();
  }

  /** Remembered as the cause of a later time-out. */
  attemptFailed(error: unknown): void {
    this.#lastError = error;
  }

  deaf(advice: string): void {
    this.#lastError = new Error(advice);
    for (const { reject } of this.#waiting) reject(new BusStartError(this.#transport, advice));
  }

  closed(): void {
    for (const { reject } of this.#waiting) reject(new BusClosedError());
  }

  #late(): BusStartError {
    const cause = this.#lastError;
    const why = cause instanceof Error ? describe(cause) : 'no session came up';
    return new BusStartError(this.#transport, `${why} (waited ${this.#timeoutMs} ms, still trying)`, cause);
  }
}

/** An AggregateError of several addresses has no message of its own. */
const describe = (error: Error): string =>
  error.message ||
  (error as { errors?: Error[] }).errors?.[0]?.message ||
  (error as { code?: string }).code ||
  error.name;
