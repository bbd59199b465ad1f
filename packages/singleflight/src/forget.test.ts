import { describe, expect, it } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createSingleflight } from './index.ts';

const boom = new Error('boom');
const never = () => new Promise<never>(() => {});

describe('forget', () => {
  it('lets the next call start anew while callers that wait keep their flight', async () => {
    const flights = createSingleflight<string>();
    const old = gate<string>();

    const before = flights.do('a', () => old.promise);
    expect(flights.forget('a')).toBe(true);
    const after = flights.do('a', () => 'new');
    old.open('old');

    expect(await Promise.all([before, after])).toEqual(['old', 'new']);
  });

  it.each(['resolves', 'rejects'])('keeps the new flight on its key when the old one %s', async (end) => {
    const flights = createSingleflight<string>();
    const old = gate<string>();

    const before = flights.do('a', () => old.promise);
    flights.forget('a');
    void flights.do('a', never);
    if (end === 'resolves') old.open('old');
    else old.fail(boom);
    await Promise.allSettled([before]);

    expect(flights.has('a')).toBe(true);
    expect(flights.size).toBe(1);
  });

  it('lets a crowd join the new flight, also after calls for other keys', async () => {
    const flights = createSingleflight<string>();
    const old = flights.do('a', never);
    expect(flights.do('a', never)).toBe(old);
    flights.forget('a');

    const renewed = flights.do('a', never);
    expect(renewed).not.toBe(old);
    const other = flights.do('b', never);
    expect(flights.do('a', never)).toBe(renewed);
    expect(flights.do('b', never)).toBe(other);
    expect(flights.do('a', never)).toBe(renewed);
  });

  it('says whether there was a flight', () => {
    const flights = createSingleflight<number>();
    void flights.do('a', never);

    expect([flights.forget('b'), flights.forget('a'), flights.forget('a')]).toEqual([false, true, false]);
  });

  it('may be called by the work itself', async () => {
    const flights = createSingleflight<number>();

    const outer = flights.do('a', ({ key }) => {
      flights.forget(key);
      return flights.do(key, () => 2);
    });

    expect(await outer).toBe(2);
  });
});

describe('clear', () => {
  it('forgets every flight', () => {
    const flights = createSingleflight<number>();
    for (const key of ['a', 'b', 'c']) void flights.do(key, never);

    flights.clear();

    expect(flights.size).toBe(0);
    expect(flights.stats()).toMatchObject({ forgotten: 3, inFlight: 3 });
  });

  it('ends even if a listener starts a flight for each forgotten one', () => {
    const flights = createSingleflight<number>({
      onEvent: ({ type, key }) => {
        if (type === 'forgotten') void flights.do(key, never);
      },
    });
    void flights.do('a', never);

    flights.clear();

    expect(flights.size).toBe(1);
  });
});
