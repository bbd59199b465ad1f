import type { Entry } from './algorithms/algorithm.ts';
import type { NamedRule } from './rules.ts';

/** Equal checks of one key: `count` callers want `cost` units each, first come, first served. A count of 0 only looks. */
export interface CheckGroup {
  readonly key: string;
  readonly cost: number;
  readonly count: number;
  /** Effective rules of this group, where they differ from the batch's. */
  readonly rules: readonly NamedRule[] | undefined;
}

/** One script call: all groups of a shard from one event-loop turn. */
export interface CheckBatch {
  /** The state that the caller believes in; a store that holds another one charges nothing. */
  readonly epoch: string;
  readonly rules: readonly NamedRule[];
  readonly groups: readonly CheckGroup[];
  /** Rejected checks count too. */
  readonly penalize: boolean;
}

/** The answer to one group: `min(count, floor(free / cost))` of its callers have been admitted and charged. */
export interface GroupAnswer {
  /** Units that were free under all rules before this group was charged; never negative. */
  readonly free: number;
  /** Index of the rule that speaks: the one that denied, or the one with the least left. */
  readonly rule: number;
  /** Until more units are free than are left now. */
  readonly resetMs: number;
  /** Until `cost` units are free, if somebody was denied. */
  readonly retryAfterMs: number;
  /** The key is blocked: nobody was admitted, `retryAfterMs` says for how long. */
  readonly blocked: boolean;
}

/** A change that is no check. */
export type Amendment =
  | { readonly kind: 'merge'; readonly key: string; readonly rule: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'refund'; readonly key: string; readonly units: number }
  | { readonly kind: 'reset'; readonly key: string }
  | { readonly kind: 'block'; readonly key: string; readonly ms: number };

export interface Watcher {
  /** The connection is usable. */
  onReady(): void;
  /** The connection is gone. */
  onLost(): void;
  /** The store reports its state's name, now and then. */
  onEpoch(epoch: string): void;
}

/**
 * Counts that several processes share. Independent parts of a store are its shards; a key lives on one. Every call may reject:
 * the limiter then decides by itself. `epoch` names the state of a shard; a shard that lost its state has another name.
 */
export interface Store {
  readonly shards: number;
  /** The most groups of one check batch. */
  readonly maxGroups: number;
  shardOf(key: string): number;
  /** Live processes that use this store, as last seen; 1 until known. */
  readonly workers: number;
  /** Whether a call could be sent at once. Calls are never queued for later. */
  connected(shard: number): boolean;
  /** Proves that the shard can be written to, and tells its epoch. */
  hello(shard: number): Promise<string>;
  /** Checks and charges, each group atomically, in order; `state-lost` if the epoch is another one. */
  check(shard: number, batch: CheckBatch): Promise<readonly GroupAnswer[] | 'state-lost'>;
  amend(shard: number, rules: readonly NamedRule[], amendments: readonly Amendment[]): Promise<void>;
  /** Tells a limiter what happens to a shard. @returns a function that ends it. */
  watch(shard: number, watcher: Watcher): () => void;
  /** Takes rule names for one limiter. @throws {TypeError} Another one counts differently under the same name. */
  claim(rules: readonly NamedRule[]): () => void;
  close(): Promise<void>;
}
