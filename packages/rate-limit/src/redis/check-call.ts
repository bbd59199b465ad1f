import type { NamedRule } from '../rules.ts';
import type { CheckBatch } from '../store.ts';
import { type KeyNames, letterOf } from './keys.ts';
import { encodeGroups, encodePairs, type Packing, packingOf } from './packing.ts';

/** A batch as a script takes it. */
export interface CheckCall {
  /** For the script of a single sliding rule; else for the one of all rules. */
  readonly slides: boolean;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly packing: Packing;
}

/** What is the same in every call under the same rules, as the text that Redis gets. */
interface Plan {
  readonly rules: readonly NamedRule[];
  readonly suffixes: readonly string[];
  readonly slides: boolean;
  readonly packing: Packing;
  readonly args: readonly string[];
}

const text = (values: readonly (string | number)[]): string[] => values.map(String);

/** Writes batches down for the scripts; remembers what it last wrote of the rules. */
export function createCheckCalls(names: KeyNames): (shard: number, batch: CheckBatch, now: string) => CheckCall {
  let last: Plan | undefined;
  const planOf = (rules: readonly NamedRule[]): Plan => {
    if (last?.rules === rules) return last;
    const packing = packingOf(rules, []);
    const [{ algorithm, limit, windowMs }] = rules as [NamedRule];
    const slides = rules.length === 1 && algorithm === 'sliding';
    const args = slides
      ? [limit, windowMs, Math.ceil(windowMs * 1.25) + 1, packing.unit, packing.span]
      : rules.flatMap((rule) => [letterOf(rule), rule.limit, rule.windowMs, rule.burst]);
    last = { rules, suffixes: rules.map(names.suffix), slides, packing, args: text(args) };
    return last;
  };
  return (shard, batch, now) => {
    const { epoch, rules, groups, penalize } = batch;
    const plan = planOf(rules);
    const keys = [names.epoch(shard)];
    for (const { key } of groups) {
      const stem = names.stem(key, shard);
      for (const suffix of plan.suffixes) keys.push(stem + suffix);
    }
    const usual = groups.every((group) => group.rules === undefined);
    if (plan.slides && usual && !penalize) {
      return { slides: true, keys, args: [epoch, now, ...plan.args, encodePairs(groups)], packing: plan.packing };
    }
    const packing = usual ? plan.packing : packingOf(rules, groups);
    const ruleArgs = plan.slides ? text(['s', rules[0]!.limit, rules[0]!.windowMs, rules[0]!.burst]) : plan.args;
    const head = text([epoch, now, penalize ? 1 : 0, packing.unit, packing.span, encodeGroups(groups)]);
    return { slides: false, keys, args: [...head, ...ruleArgs], packing };
  };
}
