interface Failing {
  readonly failures: number;
  readonly untilMs: number;
}

/** Remembers, for keys whose reload failed while an old value covered it, until when not to try again. Holds only such keys. */
export class Backoff<Key> {
  readonly #failing = new Map<Key, Failing>();
  readonly #retryMs: number;

  constructor(retryMs: number) {
    this.#retryMs = retryMs;
  }

  /** Pauses `retryMs`, twice that after the next failure, and so on up to `longestMs`, but never less than `retryMs`. */
  failed(key: Key, nowMs: number, longestMs: number): void {
    const failures = (this.#failing.get(key)?.failures ?? 0) + 1;
    this.#failing.set(key, { failures, untilMs: nowMs + pauseMs(failures, this.#retryMs, longestMs) });
  }

  get size(): number {
    return this.#failing.size;
  }

  isPausing(key: Key, nowMs: number): boolean {
    if (this.#failing.size === 0) return false;
    const failing = this.#failing.get(key);
    return failing !== undefined && nowMs < failing.untilMs;
  }

  forget(key: Key): void {
    if (this.#failing.size > 0) this.#failing.delete(key);
  }

  clear(): void {
    this.#failing.clear();
  }
}

export function pauseMs(failures: number, retryMs: number, longestMs: number): number {
  return Math.min(retryMs * 2 ** (failures - 1), Math.max(retryMs, longestMs));
}
