import fc from 'fast-check';
import { expect } from 'vitest';
import { createTtlCache, type Tier, type TtlCache } from './index.ts';

/** What a source gave: the number of changes that it had seen by then. */
export interface Reading {
  readonly version: number;
}

export const keys = ['a', 'b'] as const;
const key = fc.constantFrom(...keys);
const outcome = fc.constantFrom('value', 'value', 'value', 'nothing', 'error' as const);
export const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('load' as const),
      key,
      outcome,
      signal: fc.constantFrom(undefined, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('refresh' as const),
      key,
      outcome,
      signal: fc.constantFrom(undefined, 0),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('set' as const), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('get' as const), key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), signal: fc.constantFrom(0, 1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('outage' as const), away: fc.boolean() }) },
);
export type Action = typeof action extends fc.Arbitrary<infer Kind> ? Kind : never;

export const windows = fc.record({
  staleWhileRevalidateMs: fc.constantFrom(0, 5),
  staleIfErrorMs: fc.constantFrom(0, 8),
  refreshAheadMs: fc.constantFrom(0, 3),
  negativeTtlMs: fc.constantFrom(0, 5),
  maxEntries: fc.constantFrom(1, 10),
  ttlMs: fc.constantFrom(0, 10, 10),
});

/** One process under test, its source, and what must hold at every moment. */
export class World {
  readonly cache: TtlCache<Reading>;
  readonly version: Record<string, number> = { a: 0, b: 0 };
  /** What a caller that comes now must at least get. */
  readonly floor: Record<string, number> = { a: 0, b: 0 };
  readonly generation: Record<string, number> = { a: 0, b: 0 };
  readonly running = new Set<string>();
  readonly signals = [new AbortController(), new AbortController()];
  nowMs = 0;
  reads = 0;
  loaderCalls = 0;
  loaderErrors = 0;
  away = false;
  readonly problems: string[] = [];
  readonly #scheduler: fc.Scheduler;

  constructor(
    scheduler: fc.Scheduler,
    options: Partial<Parameters<typeof createTtlCache<Reading>>[0]>,
    tier?: Tier<Reading>,
  ) {
    this.#scheduler = scheduler;
    this.cache = createTtlCache<Reading>({
      ttlMs: 10,
      retryMs: 2,
      reapIntervalMs: 0,
      now: () => this.nowMs,
      tier,
      ...options,
    });
  }

  /** A loader of a caller that comes now; the load that it starts, if any, belongs to the generation of this moment. */
  loader(key: string, outcome: 'value' | 'nothing' | 'error'): () => Promise<Reading | undefined> {
    const flight = `${key} in generation ${this.generation[key]}`;
    return async () => {
      if (this.running.has(flight)) this.problems.push(`two loads of ${flight}`);
      this.running.add(flight);
      this.loaderCalls++;
      const reading = { version: this.version[key]! };
      await this.#scheduler.schedule(Promise.resolve(), `load ${key} v${reading.version}`);
      this.running.delete(flight);
      if (outcome === 'error') {
        this.loaderErrors++;
        throw new Error('down');
      }
      return outcome === 'value' ? reading : undefined;
    };
  }

  /** A caller must not get anything older than what was invalidated before it came. */
  watch(key: string, answer: Promise<Reading | undefined>): void {
    const floor = this.floor[key]!;
    void answer.then(
      (reading) => {
        if (reading !== undefined && reading.version < floor)
          this.problems.push(`${key}: got v${reading.version}, wanted v${floor}`);
      },
      () => {},
    );
  }

  invalidated(key: string): void {
    this.floor[key] = this.version[key]!;
    this.generation[key]!++;
  }

  check(): void {
    for (const key of keys) {
      const { value } = this.cache.lookup(key);
      if (value !== undefined && value.version < this.floor[key]!)
        this.problems.push(`${key}: holds v${value.version}, wanted v${this.floor[key]}`);
    }
  }

  act(action: Action): void {
    const { cache } = this;
    if (action.type === 'load' || action.type === 'refresh') {
      const signal = action.signal === undefined ? undefined : this.signals[action.signal]!.signal;
      if (action.type === 'load' && !signal?.aborted) this.reads++;
      const call = action.type === 'load' ? cache.getOrLoad : cache.refresh;
      this.watch(action.key, call(action.key, this.loader(action.key, action.outcome), { signal }));
    } else if (action.type === 'delete') {
      this.version[action.key]!++;
      cache.delete(action.key);
      this.invalidated(action.key);
    } else if (action.type === 'clear') {
      for (const key of keys) this.version[key]!++;
      cache.clear();
      for (const key of keys) this.invalidated(key);
    } else if (action.type === 'set') {
      const version = ++this.version[action.key]!;
      cache.set(action.key, { version });
      this.invalidated(action.key);
    } else if (action.type === 'get') {
      this.reads++;
      this.watch(action.key, Promise.resolve(cache.get(action.key)));
    } else if (action.type === 'advance') this.nowMs += action.ms;
    else if (action.type === 'abort') {
      this.signals[action.signal]!.abort(new Error('gone'));
      this.signals[action.signal] = new AbortController();
    } else this.away = action.away;
    this.check();
  }

  checkCounters(): void {
    const { hits, staleHits, negativeHits, misses, joined, loads, loadErrors, inFlight } = this.cache.stats();
    expect({ reads: hits + staleHits + negativeHits + misses, loads, loadErrors, inFlight }).toEqual({
      reads: this.reads,
      loads: this.loaderCalls,
      loadErrors: this.loaderErrors,
      inFlight: 0,
    });
    expect(joined).toBeLessThanOrEqual(misses);
  }
}

/** Applies each call at once, in order; answers when the scheduler says so; may be away. A lease it does not hear of again runs out. */
export function scheduled(inner: Tier<Reading>, scheduler: fc.Scheduler, isAway: () => boolean): Tier<Reading> {
  const through = async <Answer>(
    label: string,
    work: () => Promise<Answer>,
    runOut?: () => Promise<void>,
  ): Promise<Answer> => {
    if (isAway()) {
      await scheduler.schedule(Promise.resolve(), `${label} fails`);
      await runOut?.();
      throw new Error('away');
    }
    const answer = work();
    answer.catch(() => {});
    await scheduler.schedule(Promise.resolve(), `${label} answers`);
    return answer;
  };
  return {
    get: async (key, request) => {
      const answer = await through(`get ${key}`, () => inner.get(key, request));
      if (answer.kind === 'hit') return answer;
      return {
        kind: 'lease',
        fill: (entry) => through(`fill ${key}`, () => answer.fill(entry), answer.release),
        release: () => through(`release ${key}`, () => answer.release(), answer.release),
      };
    },
    set: (key, entry) => through(`set ${key}`, () => inner.set(key, entry)),
    delete: (keys) => through(`delete ${keys.join(',')}`, () => inner.delete(keys)),
    clear: () => through('clear', () => inner.clear()),
  };
}

/** Lets everything happen. What is scheduled several steps after the last task has run counts too, which `waitIdle` alone may miss. */
export async function untilIdle(scheduler: fc.Scheduler): Promise<void> {
  do {
    await scheduler.waitIdle();
    await new Promise((resolve) => setImmediate(resolve));
  } while (scheduler.count() > 0);
}
