import { describe, expect, it } from 'vitest';
import { defaultOptions, type RunOptions } from '../scenario.ts';
import { boundsOf, loadOf, planTenThousandSessions, rowNames, scaleOf, servedOfBurst, turnsOf } from './plan.ts';
import { mostTries } from './probes/expiry.ts';

const options: RunOptions = { ...defaultOptions, size: 'fast' };
const boundOf = (name: string): number | undefined =>
  boundsOf(loadOf(options)).find((bound) => bound.name === name)?.bound;

describe('ten-thousand-sessions, planned', () => {
  it('holds 10,000 sessions in every size, and runs the source’s own times in full', () => {
    for (const size of ['fast', 'default', 'full'] as const) expect(loadOf({ size }).sessions).toBe(10_000);
    expect(loadOf({ size: 'full' })).toMatchObject({ answerMs: 5_000, waitMs: 30_000 });
    expect(turnsOf(loadOf({ size: 'full' }))).toBe(10_002);
  });

  it('serves 90 of 100 turns with 15 connections, and all with 150', () => {
    const load = loadOf(options);

    expect(servedOfBurst(100, 15, load)).toBe(90);
    expect(servedOfBurst(100, 150, load)).toBe(100);
    expect(servedOfBurst(900, 150, load)).toBe(900);
  });

  it('holds fewer sessions where a process may have fewer sockets, and says so', () => {
    const load = loadOf(options, 4_096);

    expect(load.sessions).toBe(2_000);
    expect(scaleOf(load)).toContain('sessions 1:5.0');
  });

  it('bounds what is left by workers, apps, callers and connections', () => {
    expect(boundOf('GetOrgByApp')).toBe(20 * 4);
    expect(boundOf(rowNames.handshakes)).toBe(200);
    expect(boundOf(rowNames.searches)).toBe(200);
    expect(boundOf(rowNames.subscribers)).toBe(4);
    expect(boundOf('admitted in the worst window')).toBe(126);
  });

  it('says the limit with its arithmetic', () => {
    expect(planTenThousandSessions(options).bounds.at(-1)).toContain('4 workers x 150 connections = 600');
  });

  it('counts the tries of a task whose pauses double', () => {
    // At 0, 50, 150, 350 and 750 ms; the next would come at 1,550.
    expect(mostTries(1_200, 50)).toBe(5);
    expect(mostTries(1_549, 50)).toBe(5);
    expect(mostTries(1_550, 50)).toBe(6);
  });
});
