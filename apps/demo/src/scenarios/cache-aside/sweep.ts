import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createTtlCache } from '@corral/ttl-cache';

export interface Sweep {
  /** The longest time that the process did nothing else, in processor time of its main thread, milliseconds. */
  pauseMs: number;
  heapBeforeMiB: number;
  heapAfterMiB: number;
}

/** How long an entry lives here, milliseconds: long enough to fill the cache first. */
const lifeMs = 500;
/** What follows the last removal belongs to it: a store may give its room back a moment later. Milliseconds. */
const lingerMs = 500;

/** Fills a store with entries that nobody reads again, and looks at what removing them costs. */
export async function measureSweep({ kind, entries }: { kind: 'reaper' | 'naive'; entries: number }): Promise<Sweep> {
  const store = kind === 'reaper' ? reapedCache(entries) : naiveStore();
  for (let id = 0; id < entries; id++)
    store.set(`user:${id}`, { id, name: `user-${id}`, email: `user-${id}@example.test` });
  const heapBeforeMiB = heapMiB();
  const pauseMs = await longestPauseMs(() => store.size === 0, store.sweep);
  const heapAfterMiB = heapMiB();
  store.close();
  return { pauseMs, heapBeforeMiB, heapAfterMiB };
}

interface Store {
  set(key: string, value: object): void;
  readonly size: number;
  /** Called all the time; a store that sweeps by itself ignores it. */
  sweep(): void;
  close(): void;
}

function reapedCache(maxEntries: number): Store {
  const cache = createTtlCache<object>({ ttlMs: lifeMs, maxEntries, reapIntervalMs: 100 });
  return {
    set: (key, value) => cache.set(key, value),
    get size() {
      return cache.size;
    },
    sweep: () => {},
    close: () => cache.close(),
  };
}

/** What one writes first: one loop over all entries, when the interval is over. */
function naiveStore(): Store {
  const entries = new Map<string, { value: object; expiresAtMs: number }>();
  let sweepAtMs = Infinity;
  return {
    set: (key, value) => {
      const expiresAtMs = performance.now() + lifeMs;
      entries.set(key, { value, expiresAtMs });
      sweepAtMs = expiresAtMs + 1;
    },
    get size() {
      return entries.size;
    },
    sweep: () => {
      const nowMs = performance.now();
      if (nowMs < sweepAtMs) return;
      for (const [key, { expiresAtMs }] of entries) if (expiresAtMs <= nowMs) entries.delete(key);
    },
    close: () => entries.clear(),
  };
}

/**
 * Processor time instead of wall time: another process that takes the processor away is not a pause of ours. What the
 * garbage collector does on this thread counts.
 */
function longestPauseMs(isDone: () => boolean, work: () => void): Promise<number> {
  let longestMs = 0;
  let lastMs = threadMs();
  let doneAtMs = Infinity;
  return new Promise((resolve) => {
    const look = (): void => {
      work();
      const nowMs = threadMs();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
      if (doneAtMs === Infinity && isDone()) doneAtMs = performance.now();
      if (performance.now() >= doneAtMs + lingerMs) resolve(longestMs);
      else setImmediate(look);
    };
    look();
  });
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function heapMiB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
