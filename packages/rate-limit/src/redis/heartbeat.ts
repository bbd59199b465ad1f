import type { Watcher } from '../store.ts';

export interface HeartbeatOptions {
  readonly shards: number;
  /** Asks a shard for its epoch; rejects while it is away. */
  hello(shard: number): Promise<string>;
}

/** One timer for all shards that somebody watches. */
export interface Heartbeat {
  watch(shard: number, watcher: Watcher): () => void;
  /** Everybody who watches any shard. */
  watchers(): Iterable<Watcher>;
  stop(): void;
}

/** Between two heartbeats, milliseconds. Lost state is noticed within one, also by a process that has nothing to ask. */
const PERIOD_MS = 250;

/** Says hello to every watched shard four times a second, and passes on what epoch it has. */
export function createHeartbeat({ shards, hello }: HeartbeatOptions): Heartbeat {
  const watchers: Set<Watcher>[] = Array.from({ length: shards }, () => new Set());
  const busy = new Set<number>();
  let timer: ReturnType<typeof setInterval> | undefined;

  const beat = (shard: number): void => {
    if (watchers[shard]!.size === 0 || busy.has(shard)) return;
    busy.add(shard);
    hello(shard)
      .then(
        (epoch) => {
          for (const watcher of watchers[shard]!) watcher.onEpoch(epoch);
        },
        () => {}, // the limiters probe by themselves
      )
      .finally(() => busy.delete(shard));
  };
  const start = (): void => {
    if (timer !== undefined) return;
    timer = setInterval(
      () => {
        for (let shard = 0; shard < shards; shard++) beat(shard);
      },
      PERIOD_MS * (0.9 + 0.1 * Math.random()),
    );
    (timer as { unref?(): void }).unref?.();
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    watch(shard, watcher) {
      watchers[shard]!.add(watcher);
      start();
      return () => {
        watchers[shard]!.delete(watcher);
        if (watchers.every((set) => set.size === 0)) stop();
      };
    },
    *watchers() {
      for (const set of watchers) yield* set;
    },
    stop,
  };
}
