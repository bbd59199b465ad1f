import type { NamedRule } from './rules.ts';

const describe = ({ limit, windowMs, algorithm, burst }: NamedRule): string =>
  `${limit} in ${windowMs} ms, ${algorithm}${algorithm === 'gcra' ? `, burst ${burst}` : ''}`;

/**
 * Which limiters of this process use a store under which rule names. Two limiters with one rule share their counts; two that
 * count differently under one name would spoil each other's.
 */
export function createRuleClaims(): (rules: readonly NamedRule[]) => () => void {
  const claims = new Map<string, { rule: NamedRule; holders: number }>();
  return (rules) => {
    for (const rule of rules) {
      const other = claims.get(rule.name)?.rule;
      if (other !== undefined && describe(other) !== describe(rule)) {
        throw new TypeError(
          `rules: another limiter on this store uses the name "${rule.name}" for ${describe(other)}, this one for ` +
            `${describe(rule)}; name the rules differently or give each limiter a store with its own prefix`,
        );
      }
    }
    const taken = rules.map((rule) => {
      const claim = claims.get(rule.name) ?? { rule, holders: 0 };
      claim.holders++;
      claims.set(rule.name, claim);
      return { name: rule.name, claim };
    });
    let released = false;
    return () => {
      if (released) return;
      released = true;
      for (const { name, claim } of taken) if (--claim.holders === 0 && claims.get(name) === claim) claims.delete(name);
    };
  };
}
