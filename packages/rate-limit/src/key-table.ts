import { sliding } from './algorithms/sliding.ts';
import { CompactLogs } from './compact-logs.ts';
import { createKeyState, staleAt, type KeyState } from './key-state.ts';
import { EXACT_LIMIT, type NamedRule } from './rules.ts';

/** A number is the address of a compact log: all that there is to say of a key with one exact sliding rule and plain checks. */
type Held = KeyState | number;

const canCompact = (rules: readonly NamedRule[]): boolean =>
  rules.length === 1 && rules[0]!.algorithm === 'sliding' && rules[0]!.limit <= EXACT_LIMIT;

/**
 * The keys of one process, at most `maxKeys`. A key is forgotten when its state has become stale, never while it still counts:
 * at the bound a new key finds no place (`undefined`) until an old one has run out, so no flood of keys can wash out a limit.
 */
export class KeyTable {
  readonly logs: CompactLogs = new CompactLogs();
  /** New keys may have a compact log. */
  compacts: boolean;
  readonly #keys = new Map<string, Held>();
  readonly #maxKeys: number;
  readonly #onForget: (key: string) => void;
  #hand: MapIterator<[string, Held]> | undefined;
  #rules: readonly NamedRule[];

  constructor(rules: readonly NamedRule[], maxKeys: number, onForget: (key: string) => void = () => {}) {
    this.#rules = rules;
    this.#maxKeys = maxKeys;
    this.#onForget = onForget;
    this.compacts = canCompact(rules);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** What is kept of a key, as it is. */
  held(key: string): Held | undefined {
    return this.#keys.get(key);
  }

  /** The state of a key, to be changed: a compact log gives way to it. */
  get(key: string): KeyState | undefined {
    const held = this.#keys.get(key);
    if (typeof held !== 'number') return held;
    const state = this.#unfold(held);
    this.logs.drop(held);
    this.#keys.set(key, state);
    return state;
  }

  /** The state of a key, only to be read. */
  look(key: string): KeyState | undefined {
    const held = this.#keys.get(key);
    return typeof held === 'number' ? this.#unfold(held) : held;
  }

  /** The state of a key, made if there is room for one more. */
  open(key: string, nowMs: number): KeyState | undefined {
    const found = this.get(key);
    if (found !== undefined || !this.#hasRoom(nowMs)) return found;
    const state = createKeyState(this.#rules);
    this.#keys.set(key, state);
    return state;
  }

  /** Makes a compact log for a new key, if there is room. @returns its address. */
  openCompact(key: string, nowMs: number): number | undefined {
    if (!this.#hasRoom(nowMs)) return undefined;
    const address = this.logs.make();
    this.#keys.set(key, address);
    return address;
  }

  /** Gives the compact log of a key more room. @returns its new address. */
  grow(key: string, address: number): number {
    const grown = this.logs.grow(address);
    this.#keys.set(key, grown);
    return grown;
  }

  delete(key: string): void {
    const held = this.#keys.get(key);
    if (typeof held === 'number') this.logs.drop(held);
    if (this.#keys.delete(key)) this.#onForget(key);
  }

  keys(): IterableIterator<string> {
    return this.#keys.keys();
  }

  clear(): void {
    this.#keys.clear();
    this.logs.clear();
    this.#hand = undefined;
  }

  /** States follow their rule by name; a rule that changed its algorithm starts anew. */
  useRules(rules: readonly NamedRule[]): void {
    const before = this.#rules;
    const origin = rules.map((rule) =>
      before.findIndex((old) => old.name === rule.name && old.algorithm === rule.algorithm),
    );
    const same = origin.length === before.length && origin.every((from, index) => from === index);
    this.compacts = canCompact(rules);
    if (!same || !this.compacts) {
      for (const key of this.#keys.keys()) {
        const state = this.get(key)!; // a compact log unfolds under the rules that it was made for
        if (same) continue;
        const fresh = createKeyState(rules);
        state.states = fresh.states.map((made, index) => (origin[index]! < 0 ? made : state.states[origin[index]!]));
        state.plain = rules.length === 1 && state.states[0] === state;
      }
    }
    this.#rules = rules;
  }

  /** Two steps of the hand for each new key: stale keys go away as fast as new ones come. */
  #hasRoom(nowMs: number): boolean {
    this.#sweep(this.#keys.size >= this.#maxKeys ? 64 : 2, nowMs);
    return this.#keys.size < this.#maxKeys;
  }

  #unfold(address: number): KeyState {
    const state = createKeyState(this.#rules);
    for (const atMs of this.logs.times(address)) sliding.charge(state, this.#rules[0]!, atMs, 1);
    return state;
  }

  #staleAt(held: Held): number {
    return typeof held === 'number' ? this.logs.newest(held) + this.#rules[0]!.windowMs : staleAt(held, this.#rules);
  }

  #sweep(steps: number, nowMs: number): void {
    for (let step = 0; step < steps && this.#keys.size > 0; step++) {
      this.#hand ??= this.#keys.entries();
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = undefined;
      } else if (this.#staleAt(next.value[1]) <= nowMs) {
        this.delete(next.value[0]);
      }
    }
  }
}
