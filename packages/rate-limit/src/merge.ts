import type { Context } from './backend.ts';
import type { Entry } from './algorithms/algorithm.ts';
import type { Amendment, Store } from './store.ts';
import type { Uncounted } from './uncounted.ts';

const MAX_KEYS = 64;
const MAX_ENTRIES = 4_096;

/** What the store still has to be told. */
export interface Debt {
  /** Admitted here without the store. */
  readonly uncounted: Uncounted;
  /** Keys of which the store may have forgotten everything: all that this process was admitted is told again. */
  readonly forgotten: Set<string>;
}

export const isSettled = ({ uncounted, forgotten }: Debt): boolean => uncounted.size === 0 && forgotten.size === 0;

/**
 * Tells the store about some of the keys. What is handed over leaves the debt at once, so that a unit admitted meanwhile is
 * counted once; if the store refuses, it comes back. @returns units that were told.
 */
export async function mergeSome(context: Context, store: Store, shard: number, debt: Debt): Promise<number> {
  const nowMs = context.now();
  const told = new Map<string, Entry[] | 'all'>();
  const amendments: Amendment[] = [];
  let entries = 0;
  let units = 0;
  const take = (key: string, list: readonly Amendment[]): void => {
    amendments.push(...list);
    for (const amendment of list) {
      if (amendment.kind !== 'merge') continue;
      entries += amendment.entries.length;
      if (amendment.rule === 0) for (const entry of amendment.entries) units += entry.units;
    }
  };
  const full = (): boolean => told.size >= MAX_KEYS || entries >= MAX_ENTRIES;

  for (const key of debt.forgotten) {
    if (full()) break;
    debt.forgotten.delete(key);
    debt.uncounted.delete(key);
    told.set(key, 'all');
    take(key, everything(context, key, nowMs));
  }
  for (const key of debt.uncounted.keys()) {
    if (full()) break;
    const list = debt.uncounted.take(key, nowMs);
    told.set(key, list);
    take(key, recent(context, key, list));
  }
  if (amendments.length === 0) return 0;
  try {
    await store.amend(shard, context.rules, amendments);
  } catch (error) {
    for (const [key, list] of told) {
      if (list === 'all') debt.forgotten.add(key);
      else debt.uncounted.restore(key, list, nowMs);
    }
    throw error;
  }
  context.counters.merged += units;
  return units;
}

/** All that this process has counted for a key, its block too. */
function everything({ engine, rules }: Context, key: string, nowMs: number): Amendment[] {
  const state = engine.table.get(key);
  if (state === undefined) return [];
  const list: Amendment[] = rules.map((_, rule) => ({
    kind: 'merge',
    key,
    rule,
    entries: engine.entries(state, rule, nowMs),
  }));
  if (state.blockedUntilMs > nowMs) list.push({ kind: 'block', key, ms: state.blockedUntilMs - nowMs });
  return list;
}

/** Admissions under every rule in whose window they still are. */
function recent({ rules }: Context, key: string, list: readonly Entry[]): Amendment[] {
  return rules.map((rule, index) => ({
    kind: 'merge',
    key,
    rule: index,
    entries: list.filter(({ ageMs }) => rule.algorithm !== 'sliding' || ageMs < rule.windowMs),
  }));
}
