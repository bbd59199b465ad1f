import diagnostics from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createSingleflight, type FlightEvent } from './index.ts';

const never = () => new Promise<never>(() => {});

describe('onEvent', () => {
  it('tells the life of a flight in order', async () => {
    const events: FlightEvent[] = [];
    const flights = createSingleflight<number>({ onEvent: (event) => void events.push(event) });
    const load = gate<number>();

    const call = flights.do('a', () => load.promise);
    void flights.do('a', never);
    flights.forget('a');
    load.open(1);
    await call;

    expect(events).toEqual([
      { type: 'started', key: 'a' },
      { type: 'joined', key: 'a', callers: 2 },
      { type: 'forgotten', key: 'a', callers: 2 },
      { type: 'succeeded', key: 'a', callers: 2 },
    ]);
  });

  it('may throw without breaking anything', async () => {
    const flights = createSingleflight<number>({
      onEvent: () => {
        throw new Error('listener');
      },
    });

    expect(await flights.do('a', () => 1)).toBe(1);
    expect(flights.size).toBe(0);
  });

  it('may call back: a flight started by the listener is not undone', async () => {
    const flights = createSingleflight<number>({
      onEvent: ({ type, key }) => {
        if (type === 'succeeded') void flights.do(key, never);
      },
    });

    await flights.do('a', () => 1);

    expect(flights.has('a')).toBe(true);
  });
});

describe('the diagnostics channel', () => {
  it('gets the same events while somebody listens', async () => {
    const flights = createSingleflight<number>();
    const messages: unknown[] = [];
    const listen = (message: unknown) => void messages.push(message);

    diagnostics.subscribe('corral:singleflight', listen);
    await flights.do('a', () => 1);
    diagnostics.unsubscribe('corral:singleflight', listen);
    await flights.do('a', () => 1);

    expect(messages).toEqual([
      { type: 'started', key: 'a' },
      { type: 'succeeded', key: 'a', callers: 1 },
    ]);
  });
});

describe('stats', () => {
  it('is a frozen snapshot that later flights do not change', async () => {
    const flights = createSingleflight<number>();
    const before = flights.stats();

    await flights.do('a', () => 1);

    expect(Object.isFrozen(before)).toBe(true);
    expect(before.started).toBe(0);
    expect(flights.stats()).toEqual({
      started: 1,
      joined: 0,
      failed: 0,
      timedOut: 0,
      abandoned: 0,
      forgotten: 0,
      inFlight: 0,
    });
  });
});
