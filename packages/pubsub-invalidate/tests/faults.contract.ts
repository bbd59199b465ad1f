import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DETECTED_MS, faults, outage, suffer, type Broker, type BrokerServer, type Outcome } from './faults.ts';

/** Nothing was lost unnoticed, all processes live and none has thrown; `suffer` has seen that all equal the source. */
export function expectNothingUnnoticed({ unnoticed, uncaught, exits, lost, reasons }: Outcome): void {
  // `lost` and `reasons` stand on both sides for the reader of a failure.
  expect({ unnoticed, uncaught, exits, lost, reasons }).toEqual({
    unnoticed: 0,
    uncaught: [],
    exits: [],
    lost,
    reasons,
  });
}

const blackHoles = ['black hole on the listener', 'black hole on the publisher', 'black hole on both'] as const;
const others = [
  'connections killed three times',
  'restart, down 1 s',
  'restart, down 6 s',
  'process pause of 5 s',
] as const;

/** What three replicas must live through over `broker` while 200 publishes a second go on. */
export function replicaFaults(broker: Broker, start: () => Promise<BrokerServer & { close(): Promise<void> }>): void {
  describe(`three replicas over ${broker}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.close());

    it.each(others)('lose nothing unnoticed: %s', async (name) => {
      expectNothingUnnoticed(await suffer(faults[name], broker, server));
    });

    // Longer than any back-off, and than `publishRetryMs`; one of 30 s is in bench/faults.bench.ts.
    it('come back after an outage that outlasts every deadline, and never give up', async () => {
      expectNothingUnnoticed(await suffer(outage(12_000), broker, server));
    });

    it.each(blackHoles)('notice a %s in time, without a reset', async (name) => {
      const outcome = await suffer(faults[name], broker, server);
      expectNothingUnnoticed(outcome);
      expect(outcome.noticedMs).toBeLessThanOrEqual(DETECTED_MS);
      expect(outcome.reports[0]!.health.state).toBe('live');
    });

    it('collapse to one gap when the queue overflows, and go on in order', async () => {
      const outcome = await suffer(faults['queue overflow'], broker, server);
      expectNothingUnnoticed(outcome);
      for (const { gaps } of outcome.reports)
        expect(gaps.filter(({ reason }) => reason === 'overflow').length).toBeGreaterThanOrEqual(1);
    });
  });
}
