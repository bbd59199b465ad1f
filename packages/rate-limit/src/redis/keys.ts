import type { AlgorithmName, NamedRule } from '../rules.ts';

const LETTERS: Readonly<Record<AlgorithmName, string>> = { sliding: 's', gcra: 'g', fixed: 'f' };

/** The letter by which keys and scripts know an algorithm. */
export const letterOf = (rule: NamedRule): string => LETTERS[rule.algorithm];

/** What may stand in a Redis key as it is: short, and nothing that is a separator or a hash tag of ours. */
const PLAIN = /^[\w:.-]{1,40}$/;
const MEMO_SIZE = 10_000;

export interface KeyNames {
  readonly shards: number;
  shardOf(key: string): number;
  /** `prefix:{shard}:id`, to which `suffix(rule)` is appended. */
  stem(key: string, shard: number): string;
  suffix(rule: NamedRule): string;
  epoch(shard: number): string;
  workers(): string;
}

/**
 * Names of keys in Redis. All keys of a shard carry its number as their hash tag, so one script call may touch any of them on a
 * cluster. Keys that are long or hold other characters appear as 128 bits of their SHA-256.
 */
export function createKeyNames(prefix: string, shards: number, sha256: (text: string) => string): KeyNames {
  const memo = new Map<string, string>();
  const hashed = (key: string): string => {
    const known = memo.get(key);
    if (known !== undefined) return known;
    const id = `#${sha256(key).slice(0, 22)}`;
    if (memo.size >= MEMO_SIZE) memo.delete(memo.keys().next().value!);
    memo.set(key, id);
    return id;
  };
  const stems = Array.from({ length: shards }, (_, shard) => `${prefix}:{${shard}}:`);
  return {
    shards,
    shardOf: (key) => (shards === 1 ? 0 : fnv1a(key) % shards),
    stem: (key, shard) => stems[shard]! + (PLAIN.test(key) ? key : hashed(key)),
    suffix: (rule) => `:${rule.name}:${letterOf(rule)}`,
    epoch: (shard) => `${stems[shard]}#epoch`,
    workers: () => `${stems[0]}#workers`,
  };
}

/** FNV-1a over UTF-16 units: spreads keys over shards; nothing depends on its strength. */
function fnv1a(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  return hash >>> 0;
}
