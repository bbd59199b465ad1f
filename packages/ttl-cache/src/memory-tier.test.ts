import { fakeClock } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createMemoryTier } from './memory-tier.ts';
import { tierContract } from './tier.contract.ts';

describe('the tier in memory', () => {
  const make = async () => {
    const clock = fakeClock();
    const tier = createMemoryTier<unknown>({ now: clock.now });
    return { tier, other: tier, elapse: async (ms: number) => clock.advance(ms), close: async () => {} };
  };
  it.each(tierContract(make))('$name', async ({ run }) => {
    expect(await run()).toBeUndefined();
  });
});
