import { describe, expect, it, vi } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createSingleflight, type FlightEvent } from './index.ts';

const reason = new Error('left');
const never = () => new Promise<never>(() => {});

/** A signal that counts who listens. */
function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  return { signal, abort: () => controller.abort(reason), listeners: () => listeners };
}

describe("a caller's abort", () => {
  it.each([0, 1, 2])('rejects only caller %i of 3, at once', async (leaver) => {
    const flights = createSingleflight<number>();
    const load = gate<number>();
    const controllers = [0, 1, 2].map(() => new AbortController());

    const calls = controllers.map(({ signal }) => flights.do('a', () => load.promise, { signal }));
    controllers[leaver]?.abort(reason);
    await expect(calls[leaver]).rejects.toBe(reason);
    load.open(7);

    const rest = calls.filter((_, index) => index !== leaver);
    expect(await Promise.all(rest)).toEqual([7, 7]);
    expect(flights.stats()).toMatchObject({ started: 1, joined: 2, abandoned: 0 });
  });

  it('that came before the call starts nothing', async () => {
    const flights = createSingleflight<number>();
    const work = vi.fn<() => number>(() => 1);
    const signal = AbortSignal.abort(reason);

    await expect(flights.do('a', work, { signal })).rejects.toBe(reason);
    await expect(flights.doShared('a', work, { signal })).rejects.toBe(reason);

    expect(work).not.toHaveBeenCalled();
    expect(flights.stats()).toMatchObject({ started: 0, joined: 0 });
  });

  it('that comes from within the work rejects that caller', async () => {
    const flights = createSingleflight<number>();
    const caller = new AbortController();

    const call = flights.do(
      'a',
      () => {
        caller.abort(reason);
        return 1;
      },
      { signal: caller.signal },
    );

    await expect(call).rejects.toBe(reason);
    expect(flights.stats().abandoned).toBe(1);
  });

  it('passes a reason of null on as it is', async () => {
    const flights = createSingleflight<number>();
    const caller = new AbortController();

    const call = flights.do('a', never, { signal: caller.signal });
    caller.abort(null);

    await expect(call).rejects.toBe(null);
  });

  it.each(['value', 'error', 'abort'])('leaves no listener on a long-lived signal after the %s', async (end) => {
    const flights = createSingleflight<number>();
    const load = gate<number>();
    const caller = countedSignal();

    const call = flights.do('a', () => load.promise, { signal: caller.signal });
    expect(caller.listeners()).toBe(1);
    if (end === 'value') load.open(1);
    else if (end === 'error') load.fail(reason);
    else caller.abort();
    await Promise.allSettled([call]);

    expect(caller.listeners()).toBe(0);
  });
});

describe("whenAbandoned: 'finish'", () => {
  it('lets the work go on, and later callers join it', async () => {
    const flights = createSingleflight<number>();
    const load = gate<number>();
    const caller = new AbortController();
    let signal: AbortSignal | undefined;

    const gone = flights.do(
      'a',
      (flight) => {
        ({ signal } = flight);
        return load.promise;
      },
      { signal: caller.signal },
    );
    caller.abort(reason);
    const late = flights.do('a', never);
    load.open(7);

    await expect(gone).rejects.toBe(reason);
    expect(await late).toBe(7);
    expect(signal?.aborted).toBe(false);
  });

  it('counts a flight as abandoned once, however often it is left', async () => {
    const flights = createSingleflight<number>();
    const controllers = [0, 1, 2].map(() => new AbortController());

    for (const { signal, abort } of controllers.map((each) => ({ signal: each.signal, abort: () => each.abort() }))) {
      flights.do('a', never, { signal }).catch(() => {});
      abort();
    }

    expect(flights.stats()).toMatchObject({ started: 1, joined: 2, abandoned: 1, inFlight: 1 });
  });

  it('reports the failure of work that nobody waits for', async () => {
    const events: FlightEvent[] = [];
    const flights = createSingleflight<number>({ onEvent: (event) => void events.push(event) });
    const load = gate<number>();
    const caller = new AbortController();

    flights.do('a', () => load.promise, { signal: caller.signal }).catch(() => {});
    caller.abort();
    load.fail(reason);
    await vi.waitFor(() => expect(flights.size).toBe(0));

    expect(events.slice(1)).toEqual([
      { type: 'abandoned', key: 'a', callers: 1, aborted: false },
      { type: 'failed', key: 'a', callers: 1, waiting: 0, error: reason },
    ]);
  });
});

describe("whenAbandoned: 'abort'", () => {
  it.each([1, 2, 10, 20])('aborts the work and frees the key when the last of %i callers leaves', async (count) => {
    const flights = createSingleflight<number>({ whenAbandoned: 'abort' });
    const controllers = Array.from({ length: count }, () => new AbortController());
    let signal: AbortSignal | undefined;
    const work = (flight: { signal: AbortSignal }) => {
      ({ signal } = flight);
      return never();
    };

    const calls = Promise.allSettled(controllers.map((caller) => flights.do('a', work, { signal: caller.signal })));
    for (const caller of controllers) {
      expect(signal?.aborted).toBe(false);
      caller.abort(reason);
    }

    expect(signal?.reason).toMatchObject({ name: 'AbortError' });
    expect(flights.has('a')).toBe(false);
    expect(flights.stats()).toMatchObject({ abandoned: 1, failed: 0, inFlight: 0 });
    for (const call of await calls) expect(call).toEqual({ status: 'rejected', reason });
  });

  it('never aborts under a caller without a signal', () => {
    const flights = createSingleflight<number>({ whenAbandoned: 'abort' });
    const caller = new AbortController();
    let signal: AbortSignal | undefined;

    void flights.do('a', (flight) => {
      ({ signal } = flight);
      return never();
    });
    flights.do('a', never, { signal: caller.signal }).catch(() => {});
    caller.abort();

    expect(signal?.aborted).toBe(false);
    expect(flights.stats().abandoned).toBe(0);
  });

  it('gives a caller that comes in the same tick a flight of its own', async () => {
    const flights = createSingleflight<string>({ whenAbandoned: 'abort' });
    const caller = new AbortController();
    let inner: Promise<string> | undefined;

    flights
      .do(
        'a',
        ({ signal }) => {
          // The work hears of the abort when the key is free already.
          signal.addEventListener('abort', () => void (inner = flights.do('a', () => 'inner')));
          return never();
        },
        { signal: caller.signal },
      )
      .catch(() => {});
    caller.abort();
    const outer = flights.do('a', () => 'outer');

    expect(await Promise.all([inner, outer])).toEqual(['inner', 'inner']);
  });

  it('keeps a newer flight of the key when a forgotten one is abandoned', () => {
    const flights = createSingleflight<string>({ whenAbandoned: 'abort' });
    const caller = new AbortController();

    flights.do('a', never, { signal: caller.signal }).catch(() => {});
    flights.forget('a');
    void flights.do('a', never);
    caller.abort();

    expect(flights.has('a')).toBe(true);
  });

  it('does not count an abort that comes after the end as leaving', async () => {
    const flights = createSingleflight<number>({ whenAbandoned: 'abort' });
    const caller = new AbortController();
    let signal: AbortSignal | undefined;

    await flights.do(
      'a',
      (flight) => {
        ({ signal } = flight);
        return 1;
      },
      { signal: caller.signal },
    );
    caller.abort();

    expect(signal?.aborted).toBe(false);
    expect(flights.stats().abandoned).toBe(0);
  });
});
