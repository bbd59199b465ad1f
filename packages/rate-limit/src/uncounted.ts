import type { Entry } from './algorithms/algorithm.ts';

interface Admission {
  atMs: number;
  units: number;
}

/** What this process has admitted by itself and the store does not know of yet, by key, oldest first. */
export class Uncounted {
  readonly #keys = new Map<string, Admission[]>();

  get size(): number {
    return this.#keys.size;
  }

  keys(): IterableIterator<string> {
    return this.#keys.keys();
  }

  /** Adds units; what is older than `horizonMs` no longer matters to any rule and is dropped. */
  add(key: string, units: number, nowMs: number, horizonMs: number): void {
    const list = this.#keys.get(key);
    if (list === undefined) {
      this.#keys.set(key, [{ atMs: nowMs, units }]);
      return;
    }
    const last = list.at(-1)!;
    if (Math.floor(last.atMs) === Math.floor(nowMs)) {
      last.units += units;
      last.atMs = nowMs;
      return;
    }
    list.push({ atMs: nowMs, units });
    if (list[0]!.atMs <= nowMs - horizonMs && list.length > 32) {
      this.#keys.set(
        key,
        list.filter(({ atMs }) => atMs > nowMs - horizonMs),
      );
    }
  }

  /** Takes up to `units` of the newest back. @returns how many there were. */
  subtract(key: string, units: number): number {
    const list = this.#keys.get(key);
    if (list === undefined) return 0;
    let left = units;
    while (left > 0 && list.length > 0) {
      const last = list.at(-1)!;
      const taken = Math.min(left, last.units);
      last.units -= taken;
      left -= taken;
      if (last.units === 0) list.pop();
    }
    if (list.length === 0) this.#keys.delete(key);
    return units - left;
  }

  /** Hands out what is known of a key and forgets it. */
  take(key: string, nowMs: number): Entry[] {
    const list = this.#keys.get(key) ?? [];
    this.#keys.delete(key);
    return list.map(({ atMs, units }) => ({ ageMs: nowMs - atMs, units }));
  }

  /** Puts back what `take` handed out and nobody accepted. */
  restore(key: string, entries: readonly Entry[], nowMs: number): void {
    const older = entries.map(({ ageMs, units }) => ({ atMs: nowMs - ageMs, units }));
    this.#keys.set(key, [...older, ...(this.#keys.get(key) ?? [])]);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
  }
}
