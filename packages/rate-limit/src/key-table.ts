import { createKeyState, staleAt, type KeyState } from './key-state.ts';
import type { NamedRule } from './rules.ts';

/**
 * The keys of one process, at most `maxKeys`. A key is forgotten when its state has become stale, never while it still counts:
 * at the bound a new key finds no place (`undefined`) until an old one has run out, so no flood of keys can wash out a limit.
 */
export class KeyTable {
  readonly #keys = new Map<string, KeyState>();
  readonly #maxKeys: number;
  readonly #onForget: (key: string) => void;
  #hand: MapIterator<[string, KeyState]> | undefined;
  #rules: readonly NamedRule[];

  constructor(rules: readonly NamedRule[], maxKeys: number, onForget: (key: string) => void = () => {}) {
    this.#rules = rules;
    this.#maxKeys = maxKeys;
    this.#onForget = onForget;
  }

  get size(): number {
    return this.#keys.size;
  }

  get(key: string): KeyState | undefined {
    return this.#keys.get(key);
  }

  /** The state of a key, made if there is room for one more. */
  open(key: string, nowMs: number): KeyState | undefined {
    const found = this.#keys.get(key);
    if (found !== undefined) return found;
    // Two steps of the hand for each new key: stale keys go away as fast as new ones come.
    this.#sweep(this.#keys.size >= this.#maxKeys ? 64 : 2, nowMs);
    if (this.#keys.size >= this.#maxKeys) return undefined;
    const state = createKeyState(this.#rules);
    this.#keys.set(key, state);
    return state;
  }

  delete(key: string): void {
    if (this.#keys.delete(key)) this.#onForget(key);
  }

  entries(): IterableIterator<[string, KeyState]> {
    return this.#keys.entries();
  }

  clear(): void {
    this.#keys.clear();
    this.#hand = undefined;
  }

  /** States follow their rule by name; a rule that changed its algorithm starts anew. */
  useRules(rules: readonly NamedRule[]): void {
    const before = this.#rules;
    this.#rules = rules;
    const origin = rules.map((rule) =>
      before.findIndex((old) => old.name === rule.name && old.algorithm === rule.algorithm),
    );
    if (origin.length === before.length && origin.every((from, index) => from === index)) return;
    for (const key of this.#keys.values()) {
      const fresh = createKeyState(rules);
      key.states = fresh.states.map((state, index) => (origin[index]! < 0 ? state : key.states[origin[index]!]));
      key.plain = rules.length === 1 && key.states[0] === key;
    }
  }

  #sweep(steps: number, nowMs: number): void {
    for (let step = 0; step < steps && this.#keys.size > 0; step++) {
      this.#hand ??= this.#keys.entries();
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = undefined;
      } else if (staleAt(next.value[1], this.#rules) <= nowMs) {
        this.delete(next.value[0]);
      }
    }
  }
}
