import { describe, expect, it } from 'vitest';
import { faults, runFault } from './fleet/fault-run.ts';

const settings = { limit: 100, windowMs: 1_000, timeoutMs: 50 };

describe('four processes on one key, 4x overload, through a fault of Redis', () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))(
    '%s: one quota, no error, nobody hangs',
    async (_, fault) => {
      const { worst, errors, hung, admitted } = await runFault(fault, settings);

      expect({ errors, hung }).toEqual({ errors: 0, hung: 0 });
      expect(worst).toBeLessThanOrEqual(1.05);
      // It limits, it does not just deny.
      expect(admitted).toBeGreaterThan(300);
    },
  );
});

describe('four processes, one of which has nearly all of the traffic', () => {
  const shapeOf = (worker: number) => ({ kind: 'steady' as const, perSecond: worker === 0 ? 300 : 25 });

  it.each(faults.slice(0, 3).map((fault) => [fault.name, fault] as const))(
    '%s: what one took is not given to the others again',
    async (_, fault) => {
      const { worst, errors, hung } = await runFault(fault, { ...settings, shapeOf });

      expect({ errors, hung }).toEqual({ errors: 0, hung: 0 });
      expect(worst).toBeLessThanOrEqual(1.05);
    },
  );
});
