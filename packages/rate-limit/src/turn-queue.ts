import type { Decision } from './decision.ts';
import type { Check } from './engine.ts';
import type { NamedRule } from './rules.ts';

/** Equal checks of one event-loop turn, and who waits for them. */
export interface WaitingGroup {
  readonly key: string;
  readonly check: Check;
  /** Effective rules where the callers brought their own limits. */
  readonly rules: readonly NamedRule[] | undefined;
  readonly kind: 'consume' | 'peek';
  /** The units were already counted in this process, which also had to agree. */
  readonly reserved: boolean;
  readonly waiters: ((decision: Decision) => void)[];
  /** Units that this process admitted because the store was late. */
  localUnits: number;
}

type NewGroup = Omit<WaitingGroup, 'waiters' | 'localUnits'>;

const defer: (task: () => void) => void =
  (globalThis as { setImmediate?: (task: () => void) => void }).setImmediate ?? ((task) => setTimeout(task, 0));

/** Runs a task after the input that has already arrived was handled. */
export const afterInput: (task: () => void) => void = defer;

/** Collects the checks of an event-loop turn; equal checks of a key become one group. */
export class TurnQueue {
  #groups = new Map<string, WaitingGroup>();
  readonly #flush: (groups: WaitingGroup[]) => void;
  #scheduled = false;

  constructor(flush: (groups: WaitingGroup[]) => void) {
    this.#flush = flush;
  }

  add(group: NewGroup): Promise<Decision> {
    const name = nameOf(group);
    return this.#wait(this.#groups.get(name) ?? this.#open(name, { ...group, waiters: [], localUnits: 0 }));
  }

  /** `add` for the common case, a check of cost 1 under the usual limits. */
  addPlain(key: string, check: Check): Promise<Decision> {
    if (key.codePointAt(0) === 1) return this.add({ key, check, rules: undefined, kind: 'consume', reserved: false });
    const found = this.#groups.get(key);
    if (found !== undefined) return this.#wait(found);
    return this.#wait(
      this.#open(key, { key, check, rules: undefined, kind: 'consume', reserved: false, waiters: [], localUnits: 0 }),
    );
  }

  #wait({ waiters }: WaitingGroup): Promise<Decision> {
    return new Promise((resolve) => waiters.push(resolve));
  }

  #open(name: string, waiting: WaitingGroup): WaitingGroup {
    this.#groups.set(name, waiting);
    if (!this.#scheduled) {
      this.#scheduled = true;
      defer(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
    return waiting;
  }

  /** Sends what waits now. */
  flush(): void {
    if (this.#groups.size > 0) this.#flush(this.drain());
  }

  /** Takes what waits, to be answered elsewhere. */
  drain(): WaitingGroup[] {
    const groups = [...this.#groups.values()];
    // A new map: in V8 a cleared one goes on pointing from its old table to its new one, and a chain of these keeps every
    // decision of many turns alive until the next full collection.
    this.#groups = new Map();
    return groups;
  }
}

/** A plain check of cost 1 has its key for a name; no other name can look like it, for those begin with a control character. */
function nameOf({ key, check, rules, kind, reserved }: NewGroup): string {
  if (check.cost === 1 && rules === undefined && kind === 'consume' && !reserved && key.codePointAt(0) !== 1)
    return key;
  const limits = rules === undefined ? '' : rules.map((rule) => `${rule.limit}/${rule.burst}`).join(',');
  return `\u0001${kind}:${reserved ? 1 : 0}:${check.cost}:${limits}:${key}`;
}
