import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createSingleflight, FlightTimeoutError } from './index.ts';

const boom = new Error('boom');
const never = () => new Promise<never>(() => {});

describe('timeoutMs', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('rejects all waiters, aborts the signal and frees the key', async () => {
    const flights = createSingleflight<number>({ timeoutMs: 50 });
    let signal: AbortSignal | undefined;

    const calls = [
      flights.do('a', (flight) => {
        ({ signal } = flight);
        return never();
      }),
      flights.do('a', never, { signal: new AbortController().signal }),
    ];
    const outcomes = Promise.allSettled(calls);
    vi.advanceTimersByTime(49);
    expect(flights.has('a')).toBe(true);
    vi.advanceTimersByTime(1);

    expect(flights.has('a')).toBe(false);
    const [first, second] = (await outcomes) as PromiseRejectedResult[];
    expect(first?.reason).toBeInstanceOf(FlightTimeoutError);
    expect(second?.reason).toBe(first?.reason);
    expect(signal?.reason).toBe(first?.reason);
    expect(first?.reason).toMatchObject({
      name: 'FlightTimeoutError',
      code: 'ERR_FLIGHT_TIMEOUT',
      timeoutMs: 50,
      callers: 2,
      message: 'the work did not settle within 50 ms (2 callers)',
    });
    expect(flights.stats()).toMatchObject({ timedOut: 1, failed: 0, inFlight: 0 });
  });

  it('keeps the key out of what a log prints of the error', () => {
    const error = new FlightTimeoutError('token', 50, 1);

    expect(error.key).toBe('token');
    expect(JSON.stringify(error) + error.message + String(Object.keys(error))).not.toContain('token"');
  });

  it('drops what the work brings afterwards', async () => {
    const flights = createSingleflight<number>({ timeoutMs: 50 });
    const load = gate<number>();

    const call = flights.do('a', () => load.promise);
    vi.advanceTimersByTime(50);
    const next = flights.do('a', never);
    load.fail(boom);

    await expect(call).rejects.toBeInstanceOf(FlightTimeoutError);
    await Promise.allSettled([load.promise]);
    expect(flights.do('a', never)).toBe(next);
  });

  it('hands an aborted signal to work that asks for it too late', async () => {
    const flights = createSingleflight<number>({ timeoutMs: 50 });
    let flight: { signal: AbortSignal } | undefined;

    const call = flights.do('a', (context) => {
      flight = context;
      return never();
    });
    vi.advanceTimersByTime(50);

    const [outcome] = await Promise.allSettled([call]);
    expect(flight?.signal.reason).toBe((outcome as PromiseRejectedResult).reason);
  });

  it('leaves no timer behind a flight that ended', async () => {
    const flights = createSingleflight<number>({ timeoutMs: 50 });

    await flights.do('a', () => 1);

    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds for longer than a timer can', async () => {
    const days = 86_400_000;
    const flights = createSingleflight<number>({ timeoutMs: 60 * days });

    const call = flights.do('a', never);
    vi.advanceTimersByTime(60 * days - 1);
    expect(flights.has('a')).toBe(true);
    vi.advanceTimersByTime(1);

    await expect(call).rejects.toBeInstanceOf(FlightTimeoutError);
  });

  it('applies to a flight that was forgotten', async () => {
    const flights = createSingleflight<number>({ timeoutMs: 50 });

    const call = flights.do('a', never);
    flights.forget('a');
    vi.advanceTimersByTime(50);

    await expect(call).rejects.toBeInstanceOf(FlightTimeoutError);
    expect(flights.stats()).toMatchObject({ timedOut: 1, forgotten: 1, inFlight: 0 });
  });
});

describe('the timer of timeoutMs', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('keeps the process alive exactly while a caller waits', async () => {
    const arm = vi.spyOn(globalThis, 'setTimeout');
    const flights = createSingleflight<number>({ timeoutMs: 1_000_000 });
    const load = gate<number>();
    const caller = new AbortController();
    const held = () => (arm.mock.results[0]!.value as NodeJS.Timeout).hasRef();

    const gone = flights.do('a', () => load.promise, { signal: caller.signal });
    expect(held()).toBe(true);
    caller.abort(boom);
    expect(held()).toBe(false);
    const late = flights.do('a', never);
    expect(held()).toBe(true);

    load.open(1);
    expect(await late).toBe(1);
    await expect(gone).rejects.toBe(boom);
  });
});
