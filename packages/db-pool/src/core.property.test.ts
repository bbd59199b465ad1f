import fc from 'fast-check';
import { it } from 'vitest';
import { fuzzHandOff } from '../tests/hand-off-fuzz.ts';

it('neither loses a connection nor grants one twice, whatever comes between asking and getting', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ seed: fc.nat(), size: fc.integer({ min: 1, max: 6 }), overflow: fc.integer({ min: 0, max: 3 }) }),
      async (shape) => void (await fuzzHandOff({ ...shape, steps: 1_000 })),
    ),
    { numRuns: 60 },
  );
}, 120_000);
