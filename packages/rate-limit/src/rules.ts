/** How a rule counts. `sliding`: exact log; `gcra`: smooth, one number a key; `fixed`: a window from the first hit. */
export type AlgorithmName = 'sliding' | 'gcra' | 'fixed';

/** One limit: at most `limit` units in `windowMs` milliseconds. */
export interface Rule {
  /** Name in headers, problem bodies and keys. One unnamed rule is `default`, several are `rule-1`, `rule-2`, ... */
  name?: string | undefined;
  /** Units, an integer from 1 to 1e12. */
  limit: number;
  /** Milliseconds, an integer from 1 to 1e11 (about three years). */
  windowMs: number;
  /** Default `sliding`: at most `limit` units in ANY half-open interval of `windowMs`. */
  algorithm?: AlgorithmName | undefined;
  /** `gcra` only: units that may come at once. Default `limit`. Any window admits at most `burst + limit`. */
  burst?: number | undefined;
}

/** A rule with every default filled in. */
export interface NamedRule {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly algorithm: AlgorithmName;
  readonly burst: number;
}

/** Limits above this are counted in 64 slices of the window, so that a key stays small. */
export const EXACT_LIMIT = 4_096;

const MAX_LIMIT = 1e12;
const MAX_WINDOW_MS = 1e11;
const ALGORITHMS: readonly AlgorithmName[] = ['sliding', 'gcra', 'fixed'];
const RULE_NAME = /^[\w.-]{1,64}$/;

/** The most units a rule can ever hand out at one moment. */
export const capacity = (rule: NamedRule): number => (rule.algorithm === 'gcra' ? rule.burst : rule.limit);

/** The width that recorded times are merged to: 0 for an exact log, else a 64th of the window. */
export const sliceMs = (rule: NamedRule): number => (rule.limit > EXACT_LIMIT ? rule.windowMs / 64 : 0);

/** @throws {RangeError} `value` is no integer from `min` to `max`; the message names the option. */
export function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${shown(value)}`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name}: expected an integer from ${min} to ${max}, got ${value}`);
  }
  return value;
}

/** A value as an error message may show it: short, and never the inside of an object. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : `${value as number}`;
}

/** Checks rules and fills in names and defaults. @throws {TypeError | RangeError} Names the option and the value. */
export function nameRules(input: Rule | readonly Rule[]): readonly NamedRule[] {
  const list: readonly Rule[] = Array.isArray(input) ? (input as readonly Rule[]) : [input as Rule];
  if (list.length === 0) throw new RangeError('rules: expected at least one rule, got none');
  if (list.length > 16) throw new RangeError(`rules: expected at most 16 rules, got ${list.length}`);
  const rules = list.map((rule, index) => nameRule(rule, index, list.length));
  const names = new Set(rules.map((rule) => rule.name));
  if (names.size < rules.length) {
    throw new RangeError(`rules: expected different names, got ${rules.map((rule) => rule.name).join(', ')}`);
  }
  return Object.freeze(rules);
}

function nameRule(rule: Rule, index: number, count: number): NamedRule {
  if (typeof rule !== 'object' || rule === null) throw new TypeError(`rules: expected objects, got ${shown(rule)}`);
  const { name = count === 1 ? 'default' : `rule-${index + 1}`, algorithm = 'sliding' } = rule;
  if (typeof name !== 'string' || !RULE_NAME.test(name)) {
    throw new RangeError(`rules[${index}].name: expected 1 to 64 of A-Z a-z 0-9 _ . -, got ${shown(name)}`);
  }
  if (!ALGORITHMS.includes(algorithm)) {
    throw new RangeError(`rules[${index}].algorithm: expected ${ALGORITHMS.join(', ')}, got ${shown(algorithm)}`);
  }
  const limit = integer(`rules[${index}].limit`, rule.limit, 1, MAX_LIMIT);
  const windowMs = integer(`rules[${index}].windowMs`, rule.windowMs, 1, MAX_WINDOW_MS);
  if (rule.burst !== undefined && algorithm !== 'gcra') {
    throw new TypeError(`rules[${index}].burst: only gcra has a burst, got algorithm ${algorithm}`);
  }
  const burst = integer(`rules[${index}].burst`, rule.burst ?? limit, 1, MAX_LIMIT);
  return Object.freeze({ name, limit, windowMs, algorithm, burst });
}

/** Rules with other limits for one check, by rule name. @throws {RangeError} An unknown name or a bad limit. */
export function withLimits(
  rules: readonly NamedRule[],
  limits: Readonly<Record<string, number>>,
): readonly NamedRule[] {
  for (const name of Object.keys(limits)) {
    if (!rules.some((rule) => rule.name === name)) {
      throw new RangeError(
        `limits: expected names of rules (${rules.map((rule) => rule.name).join(', ')}), got ${shown(name)}`,
      );
    }
  }
  return rules.map((rule) => {
    if (!Object.hasOwn(limits, rule.name)) return rule;
    const limit = integer(`limits.${rule.name}`, limits[rule.name], 1, MAX_LIMIT);
    return { ...rule, limit, burst: rule.burst === rule.limit ? limit : rule.burst };
  });
}

/** What one of `workers` processes may hand out by itself: an equal part, rounded down, at least one unit. */
export function shareRules(rules: readonly NamedRule[], workers: number): readonly NamedRule[] {
  if (workers <= 1) return rules;
  const part = (units: number): number => Math.max(1, Math.floor(units / workers));
  return rules.map((rule) => ({ ...rule, limit: part(rule.limit), burst: part(rule.burst) }));
}
