import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Rule } from '../src/index.ts';
import { type Fleet, startFleet } from './fleet/fleet.ts';
import type { Shape } from './fleet/protocol.ts';
import { summarize } from './fleet/summary.ts';
import { unduly, worstWindow } from './fleet/worst-window.ts';

const LIMIT = 100;
const WINDOW_MS = 1_000;

const fleets: Fleet[] = [];
afterAll(async () => {
  for (const fleet of fleets) await fleet.close();
});

/** Four processes whose wall clocks are far apart. */
async function start(rule: Rule): Promise<Fleet> {
  const fleet = await startFleet({
    size: 4,
    url: inject('redisUrl'),
    prefix: `exact${process.pid}-${Date.now()}`,
    rule,
    workers: 4,
    // Longer than any stall of a loaded test machine: here the store decides every check.
    timeoutMs: 20_000,
    skewOf: (worker) => worker * 400,
  });
  fleets.push(fleet);
  return fleet;
}

const shapes: [string, (worker: number) => Shape][] = [
  ['bursts at the edges of the first window', () => ({ kind: 'window-edge', size: 60 })],
  ['bursts at the edges of clock windows', () => ({ kind: 'clock-edge', size: 60 })],
  ['a burst, then steady overload', () => ({ kind: 'burst-then-steady', size: 100, perSecond: 100 })],
  ['bursts of random size at random times', (worker) => ({ kind: 'random', size: 60, seed: worker + 1 })],
];

describe('the checker', () => {
  it('counts what was certainly admitted within one window', () => {
    const at = (sentMs: number, units = 1) => ({ sentMs, repliedMs: sentMs + 1, units });
    expect(worstWindow([at(0), at(500), at(998.5)], 1_000)).toBe(3);
    expect(worstWindow([at(0), at(999.5)], 1_000)).toBe(1); // might have been counted at 1000
    expect(worstWindow([at(0), at(1_000)], 1_000)).toBe(1);
    expect(worstWindow([at(5, 7), at(0, 2), at(900, 4), at(1_100, 8)], 1_000)).toBe(13);
    expect(worstWindow([], 1_000)).toBe(0);
  });

  it('counts denials that came while a unit was certainly free', () => {
    const at = (sentMs: number, units = 1) => ({ sentMs, repliedMs: sentMs + 1, units });
    const bound = { limit: 2, windowMs: 1_000, slackMs: 0 };
    expect(unduly([at(500)], [at(0), at(400)], bound)).toBe(0);
    expect(unduly([at(500)], [at(0), at(501)], bound)).toBe(0); // might have been counted first
    expect(unduly([at(500)], [at(0), at(502)], bound)).toBe(1);
    expect(unduly([at(1_001), at(1_000.5)], [at(0), at(400)], bound)).toBe(1);
  });

  it('catches a limiter that is known to be inexact', async () => {
    const workers = await start({ limit: LIMIT, windowMs: WINDOW_MS, algorithm: 'fixed' });

    const reports = await workers.load(2_400, () => ({ kind: 'window-edge', size: 60 }));

    const { worst, errors, hung } = summarize(reports, LIMIT, WINDOW_MS);
    expect({ errors, hung }).toEqual({ errors: 0, hung: 0 });
    expect(worst).toBeGreaterThan(1.5);
  });
});

describe('four processes on one key', () => {
  let workers: Fleet;
  beforeAll(async () => {
    workers = await start({ limit: LIMIT, windowMs: WINDOW_MS });
  });

  it('hand out the limit, all of it and never more in any window, whatever their clocks say and however they burst', async () => {
    const results = await Promise.all(
      shapes.map(async ([name, shapeOf]) => ({
        name,
        ...summarize(await workers.load(3_200, shapeOf, name), LIMIT, WINDOW_MS),
      })),
    );

    expect(results.map(({ name, errors, hung }) => ({ name, errors, hung }))).toEqual(
      shapes.map(([name]) => ({ name, errors: 0, hung: 0 })),
    );
    for (const { worst, undue, admitted } of results) {
      expect(worst).toBeLessThanOrEqual(1);
      expect(undue).toBe(0);
      expect(admitted).toBeGreaterThanOrEqual(LIMIT * 2);
    }
  });
});
