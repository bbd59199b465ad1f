import type { Comparison, Figure } from '@corral-internal/bench-kit';
import { seededRandom, zipf } from '@corral-internal/test-kit';
/* oxlint-disable typescript/no-implied-eval -- one function for each contender, so that no call site sees two of them */
import { readFileSync } from 'node:fs';

export const count = 100_000;
export const keys: readonly string[] = Array.from({ length: count }, (_, index) => `user:${index}`);
export const values: readonly object[] = keys.map((_, index) => ({ index }));

/** The same sequence of keys for everybody; popular keys lie scattered. */
export function sequence(seed: number, length: number): string[] {
  const scattered = seededRandom(seed).shuffle(keys.slice());
  const rank = zipf(seededRandom(seed + 1), count, 0.99);
  return Array.from({ length }, () => scattered[rank()]!);
}

/**
 * One function for each contender, so that no call site sees two of them: its name makes its text its own, because V8
 * keeps one set of observations for equal texts.
 */
export function contenders(caches: object, keys: readonly string[], body: string): Record<string, () => unknown> {
  return Object.fromEntries(
    Object.entries(caches).map(([name, cache]) => {
      const run = new Function('cache', 'keys', 'values', `/* ${name} */ return ${body}`) as (
        ...given: unknown[]
      ) => () => unknown;
      return [name, run(cache, keys, values)];
    }),
  );
}

export const bounded = (name: string, value: number, bound: number, digits = 2): Figure => ({
  name,
  value: value.toFixed(digits),
  bound: `<= ${bound}`,
  ok: value <= bound,
});
export const ratioOf = ({ results }: Comparison, name = '@corral/ttl-cache'): number =>
  results.find((result) => result.name === name)!.ratio;
export const bestPeer = (comparison: Comparison): number =>
  Math.min(...comparison.results.filter(({ name }) => !/Map|corral/.test(name)).map(({ ratio }) => ratio));

/** Of the installed contenders. */
export function versionsOf(...names: string[]): Record<string, string> {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { devDependencies } = JSON.parse(text) as { devDependencies: Record<string, string> };
  return Object.fromEntries(names.map((name) => [name, devDependencies[name]!]));
}
