import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultBench, faultsOf, openFaultBench } from './fleet/fault-run.ts';
import type { Shape } from './fleet/protocol.ts';

const faults = faultsOf(process.env['CORRAL_LONG_TESTS'] === '1');
const even = (): Shape => ({ kind: 'steady', perSecond: 100 });
/** One process has nearly all of the traffic: its share is used up, those of the others are not. */
const skewed = (worker: number): Shape => ({ kind: 'steady', perSecond: worker === 0 ? 300 : 25 });

let bench: FaultBench;
beforeAll(async () => {
  bench = await openFaultBench({ limit: 100, windowMs: 1_000, timeoutMs: 50, workers: 4 });
});
afterAll(() => bench.close());

describe('four processes at four times the limit, through a fault of Redis', () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))(
    '%s: one quota, no error, nobody hangs',
    async (_, fault) => {
      const [one, other] = await bench.run(fault, [{ shapeOf: even }, { shapeOf: skewed }]);

      expect({ errors: one!.errors, hung: one!.hung }).toEqual({ errors: 0, hung: 0 });
      expect({ errors: other!.errors, hung: other!.hung }).toEqual({ errors: 0, hung: 0 });
      expect(one!.worst).toBeLessThanOrEqual(1.05);
      expect(other!.worst).toBeLessThanOrEqual(1.05);
      // It limits, it does not just deny.
      expect(one!.admitted).toBeGreaterThan(200);
    },
  );
});
