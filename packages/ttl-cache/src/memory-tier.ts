import type { Tier, TierEntry, TierHit, TierLease, TierRequest } from './tier.ts';

interface Held<Value> {
  readonly value: Value | undefined;
  readonly expiresAtMs: number;
}

interface Waiter<Value> {
  answer(answer: TierHit<Value> | undefined): void;
}

/**
 * The reference tier: the contract in a page, within one process. For tests, and as a model for a tier of your own.
 * Several caches that are given the same one behave as processes that share it. It is bounded by nothing but its TTLs.
 */
export function createMemoryTier<Value>(options: { now?: () => number } = {}): Tier<Value> {
  const { now = () => performance.now() } = options;
  const entries = new Map<string, Held<Value>>();
  /** Who may load a key; a lease holds while it is the registered one. */
  const leases = new Map<string, object>();
  const waiting = new Map<string, Set<Waiter<Value>>>();

  function put(key: string, { value, ttlMs }: TierEntry<Value>): void {
    if (ttlMs > 0) entries.set(key, { value, expiresAtMs: now() + ttlMs });
    else entries.delete(key);
  }

  function live(key: string, minTtlMs: number): TierHit<Value> | undefined {
    const held = entries.get(key);
    if (held === undefined) return undefined;
    const ttlMs = held.expiresAtMs - now();
    return ttlMs > 0 && ttlMs > minTtlMs ? { kind: 'hit', value: held.value, ttlMs } : undefined;
  }

  /** Ends the wait of all: with the value, or, without one, for another try. */
  function wake(key: string, hit: TierHit<Value> | undefined): void {
    const waiters = waiting.get(key);
    waiting.delete(key);
    waiters?.forEach((waiter) => waiter.answer(hit));
  }

  function revoke(key: string): void {
    leases.delete(key);
    wake(key, undefined);
  }

  function lend(key: string): TierLease<Value> {
    const token = {};
    leases.set(key, token);
    return {
      kind: 'lease',
      fill: async (entry) => {
        if (leases.get(key) !== token) return 'refused';
        leases.delete(key);
        put(key, entry);
        wake(key, entry.ttlMs > 0 ? { kind: 'hit', ...entry } : undefined);
        return 'stored';
      },
      release: async () => {
        if (leases.get(key) === token) revoke(key);
      },
    };
  }

  function nextAnswer(key: string, signal: AbortSignal): Promise<TierHit<Value> | undefined> {
    return new Promise((resolve, reject) => {
      const waiters = waiting.get(key) ?? new Set();
      waiting.set(key, waiters);
      const leave = () => {
        waiters.delete(waiter);
        reject(signal.reason);
      };
      const waiter = {
        answer(hit: TierHit<Value> | undefined) {
          signal.removeEventListener('abort', leave);
          resolve(hit);
        },
      };
      waiters.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    async get(key, { signal, minTtlMs }: TierRequest) {
      for (;;) {
        signal.throwIfAborted();
        const holder = leases.get(key);
        const hit = live(key, minTtlMs);
        if (hit !== undefined) return hit;
        if (holder === undefined) return lend(key);
        const answer = await nextAnswer(key, signal);
        if (answer !== undefined) return answer;
      }
    },
    async set(key, entry) {
      put(key, entry);
      revoke(key);
    },
    async delete(keys) {
      for (const key of keys) {
        entries.delete(key);
        revoke(key);
      }
    },
    async clear() {
      entries.clear();
      for (const key of Array.from(leases.keys())) revoke(key);
    },
  };
}
