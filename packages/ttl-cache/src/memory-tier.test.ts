import { fakeClock } from '@corral-internal/test-kit';
import { describe, it } from 'vitest';
import { createMemoryTier } from './memory-tier.ts';
import { tierContract } from './tier.contract.ts';

describe('the tier in memory', () => {
  const make = async () => {
    const clock = fakeClock();
    const tier = createMemoryTier<unknown>({ now: clock.now });
    return { tier, other: tier, elapse: async (ms: number) => clock.advance(ms), close: async () => {} };
  };
  for (const { name, run } of tierContract(make)) it(name, run);
});
