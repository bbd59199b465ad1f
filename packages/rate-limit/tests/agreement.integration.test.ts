import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createRateLimiter, type Decision, type RateLimiter, type Rule } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';

type Step =
  | { do: 'consume'; key: string; cost: number; limit: number | undefined }
  | { do: 'burst'; key: string; count: number }
  | { do: 'peek'; key: string }
  | { do: 'refund'; key: string; cost: number }
  | { do: 'reset'; key: string }
  | { do: 'block'; key: string; ms: number }
  | { do: 'update'; limit: number }
  | { do: 'advance'; ms: number };

// Real time passes too: windows are long, so that no key runs out by Redis's own clock.
const windowMs = fc.constantFrom(60_000, 64_000, 100_000);
const limit = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(4_095, 4_096, 4_097, 10_000));
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ limit, windowMs, algorithm: fc.constantFrom('sliding' as const, 'fixed' as const) }),
  fc.record({ limit, windowMs }),
  fc.record({
    limit: fc.integer({ min: 1, max: 12 }),
    windowMs,
    algorithm: fc.constant('gcra' as const),
    burst: fc.integer({ min: 1, max: 9 }),
  }),
);
const key = fc.constantFrom('a', 'b', 'a key that must be hashed');
const cost = fc.oneof(
  { weight: 3, arbitrary: fc.constant(1) },
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(1_000, 4_000),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('consume' as const),
      key,
      cost,
      limit: fc.option(limit, { nil: undefined, freq: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('burst' as const), key, count: fc.integer({ min: 2, max: 20 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 70_000 })),
    }),
  },
  fc.record({ do: fc.constant('peek' as const), key }),
  fc.record({ do: fc.constant('refund' as const), key, cost }),
  fc.record({ do: fc.constant('reset' as const), key }),
  fc.record({
    do: fc.constant('block' as const),
    key,
    ms: fc.oneof(fc.constant(0), fc.integer({ min: 30_000, max: 90_000 })),
  }),
  fc.record({ do: fc.constant('update' as const), limit }),
);

let redis: Redis;
let serial = 0;

beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

const bare = ({ source: _source, ...decision }: Decision) => decision;

async function act(limiter: RateLimiter, rules: readonly Rule[], action: Step): Promise<unknown> {
  switch (action.do) {
    case 'consume':
      return bare(
        await limiter.consume(action.key, {
          cost: action.cost,
          limits: action.limit === undefined ? undefined : { [limiter.rules[0]!.name]: action.limit },
        }),
      );
    case 'burst': {
      const decisions = await Promise.all(Array.from({ length: action.count }, () => limiter.consume(action.key)));
      // A burst is one group: times are those after all of it.
      return decisions.map(({ allowed, remaining }) => ({ allowed, remaining }));
    }
    case 'peek':
      return bare(await limiter.peek(action.key));
    case 'refund':
      return limiter.refund(action.key, action.cost);
    case 'reset':
      return limiter.reset(action.key);
    case 'block':
      return limiter.block(action.key, action.ms);
    case 'update':
      return limiter.update(rules.map((rule, index) => (index === 0 ? { ...rule, limit: action.limit } : rule)));
    case 'advance':
      return undefined;
  }
}

/** A fast gcra rule owes milliseconds only, and Redis forgets it by its own clock while the test's stands still. */
const slow = (rules: readonly Rule[], action: Step): Step =>
  rules[0]!.algorithm === 'gcra' && 'limit' in action && (action.limit ?? 0) > 12 ? { ...action, limit: 12 } : action;

/** Runs one trace against both; every answer must be the same, and every key must have a TTL. */
async function agree(
  rules: Rule[],
  steps: Step[],
  settings: { denyCache: boolean; penalizeRejected: boolean },
): Promise<void> {
  let nowMs = 1_700_000_000_000;
  const now = () => nowMs;
  const prefix = `agree${process.pid}-${Date.now()}-${serial++}`;
  const store = createRedisStore(redis, { prefix, clock: now });
  const shared = createRateLimiter({ rules, now, store, timeoutMs: 30_000, ...settings });
  const alone = createRateLimiter({ rules, now, penalizeRejected: settings.penalizeRejected });
  try {
    await shared.ready();
    for (const [index, given] of steps.entries()) {
      const action = slow(rules, given);
      if (action.do === 'advance') nowMs += action.ms;
      const [theirs, ours] = await Promise.all([act(shared, rules, action), act(alone, rules, action)]);
      expect({ index, action, answer: theirs }).toEqual({ index, action, answer: ours });
    }
    const keys = await redis.keys(`${prefix}:*`);
    const ttls = await Promise.all(keys.map((name) => redis.pttl(name)));
    expect(ttls.filter((ttl) => ttl === -1)).toEqual([]);
  } finally {
    await shared.close();
    await store.close();
  }
}

describe('the script and the pure step', () => {
  it.each([
    { denyCache: false, penalizeRejected: false },
    { denyCache: true, penalizeRejected: false },
    { denyCache: false, penalizeRejected: true },
  ])('agree on random traces with %j', async (settings) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.array(step, { minLength: 5, maxLength: 60 }),
        (rules, steps) => agree(rules, steps, settings),
      ),
      { numRuns: Number(process.env['FC_RUNS'] ?? 40), endOnFailure: false },
    );
  });
});
