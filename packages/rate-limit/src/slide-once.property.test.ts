import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimiter, type Decision } from './index.ts';

const limit = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constantFrom(4_096, 4_097));
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('consume' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 1_200 }) }),
  },
  fc.record({ do: fc.constant('update' as const), limit }),
  fc.record({ do: fc.constant('refund' as const) }),
  fc.record({ do: fc.constant('dear' as const), cost: fc.integer({ min: 2, max: 4_000 }) }),
);

const bare = ({ limit: _limit, rule: _rule, ...decision }: Decision) => decision;

describe('the short way for one sliding rule', () => {
  it('answers what the long way answers, which several rules take', async () => {
    await fc.assert(
      fc.asyncProperty(limit, fc.array(step, { maxLength: 80 }), async (first, steps) => {
        let nowMs = 0;
        const now = () => nowMs;
        const rulesOf = (units: number) => [{ name: 'a', limit: units, windowMs: 1_000 }];
        // The second rule never speaks: it has always more left.
        const wide = { name: 'b', limit: 1e9, windowMs: 1 };
        const short = createRateLimiter({ rules: rulesOf(first), now });
        const long = createRateLimiter({ rules: [...rulesOf(first), wide], now });
        const shortAnswers: object[] = [];
        const longAnswers: object[] = [];
        for (const action of steps) {
          if (action.do === 'advance') nowMs += action.ms;
          else if (action.do === 'refund') await Promise.all([short.refund('k'), long.refund('k')]);
          else if (action.do === 'update') {
            short.update(rulesOf(action.limit));
            long.update([...rulesOf(action.limit), wide]);
          } else {
            const options = action.do === 'dear' ? { cost: action.cost } : undefined;
            shortAnswers.push(bare(await short.consume('k', options)));
            longAnswers.push(bare(await long.consume('k', options)));
          }
        }
        expect(shortAnswers).toEqual(longAnswers);
      }),
      { numRuns: 150 },
    );
  });
});
