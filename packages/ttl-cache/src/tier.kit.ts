import { createTtlCache, type CacheEvent, type Tier, type TtlCache, type TtlCacheOptions } from './index.ts';
import { createMemoryTier } from './memory-tier.ts';

/** Lets everything go on that only waits for microtasks. */
export const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface ProbedTier {
  /** The tier without the probe. */
  readonly inner: Tier<string>;
  readonly tier: Tier<string>;
  readonly calls: string[];
  readonly state: { away: boolean; hold: Promise<void> | undefined };
}

/** A tier in memory that can be away, and that notes the calls it gets. */
export function makeTier(now: () => number): ProbedTier {
  const inner = createMemoryTier<string>({ now });
  const calls: string[] = [];
  const state = { away: false, hold: undefined as Promise<void> | undefined };
  const through = async <Answer>(call: string, work: () => Promise<Answer>): Promise<Answer> => {
    calls.push(call);
    if (state.away) throw new Error('away');
    const answer = work();
    await state.hold;
    return answer;
  };
  const tier: Tier<string> = {
    get: (key, request) => through(`get ${key}`, () => inner.get(key, request)),
    set: (key, entry) => through(`set ${key}`, () => inner.set(key, entry)),
    delete: (keys) => through(`delete ${keys.join(',')}`, () => inner.delete(keys)),
    clear: () => through('clear', () => inner.clear()),
  };
  return { inner, tier, calls, state };
}

export interface Probe extends Omit<ProbedTier, 'tier'> {
  readonly clock: { now(): number; advance(ms: number): void };
  readonly events: CacheEvent<string>[];
  /** One more process that shares the tier. */
  process(): TtlCache<string>;
}

export function make(options: Partial<TtlCacheOptions<string>> = {}): Probe {
  let nowMs = 0;
  const clock = { now: () => nowMs, advance: (ms: number) => void (nowMs += ms) };
  const { inner, tier, calls, state } = makeTier(clock.now);
  const events: CacheEvent<string>[] = [];
  const process = () =>
    createTtlCache<string>({ ttlMs: 1_000, now: clock.now, tier, onEvent: (event) => events.push(event), ...options });
  return { clock, inner, calls, state, events, process };
}
