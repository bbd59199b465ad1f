import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createSingleflight, type Singleflight } from './index.ts';

const boom = new Error('boom');
const never = () => new Promise<never>(() => {});

describe('do', () => {
  it('runs the work once for callers that come while it runs', async () => {
    const flights = createSingleflight<number>();
    const load = gate<number>();
    const work = vi.fn<() => Promise<number>>(() => load.promise);

    const callers = Array.from({ length: 1_000 }, () => flights.do('a', work));
    load.open(7);

    expect(new Set(await Promise.all(callers))).toEqual(new Set([7]));
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('calls the work synchronously, with the key and a live signal', () => {
    const flights = createSingleflight<number>();
    let seen: unknown;
    void flights.do('a', ({ key, signal }) => {
      seen = [key, signal.aborted];
      return 1;
    });

    expect(seen).toEqual(['a', false]);
  });

  it('never calls the work of a caller that joins', async () => {
    const flights = createSingleflight<string>();
    const second = vi.fn<() => string>(() => 'second');

    const results = await Promise.all([flights.do('a', () => 'first'), flights.do('a', second)]);

    expect(results).toEqual(['first', 'first']);
    expect(second).not.toHaveBeenCalled();
  });

  it('starts anew once the flight has ended', async () => {
    const flights = createSingleflight<number>();
    let runs = 0;

    await flights.do('a', () => ++runs);

    expect(await flights.do('a', () => ++runs)).toBe(2);
  });

  it('hands every caller without a signal the same promise', () => {
    const flights = createSingleflight<number>();

    const first = flights.do('a', never);

    expect(flights.do('a', never)).toBe(first);
    expect(flights.do('a', never, {})).toBe(first);
  });

  it('rejects every caller with the identical reason', async () => {
    const flights = createSingleflight<number>();

    const callers = [flights.do('a', () => Promise.reject(boom)), flights.do('a', () => 1)];

    for (const { reason } of (await Promise.allSettled(callers)) as PromiseRejectedResult[]) expect(reason).toBe(boom);
  });

  it('makes a synchronous throw a rejection and frees the key', async () => {
    const flights = createSingleflight<number>();

    const failed = flights.do('a', () => {
      throw boom;
    });

    await expect(failed).rejects.toBe(boom);
    expect(flights.has('a')).toBe(false);
  });

  it('keeps a rejection with undefined a rejection', async () => {
    const flights = createSingleflight<number>();

    const [result] = await Promise.allSettled([flights.do('a', () => Promise.reject<number>())]);

    expect(result).toEqual({ status: 'rejected', reason: undefined });
    expect(flights.stats().failed).toBe(1);
  });

  it('shares undefined, null, 0 and false as results', async () => {
    const flights = createSingleflight<unknown>();

    for (const value of [undefined, null, 0, false, '']) expect(await flights.do('a', () => value)).toBe(value);
  });

  it('follows a thenable of any make', async () => {
    const flights = createSingleflight<number>();
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of the test
    const thenable = { then: (resolve: (value: number) => void) => resolve(5) } as PromiseLike<number>;

    expect(await flights.do('a', () => thenable)).toBe(5);
  });

  it('is off its key before its callers go on', async () => {
    const flights = createSingleflight<number>();
    const after = (outcome: Promise<number>) =>
      outcome.then(
        () => flights.has('a'),
        () => flights.has('a'),
      );

    expect(await after(flights.do('a', () => 1))).toBe(false);
    expect(await after(flights.do('a', () => Promise.reject(boom)))).toBe(false);
  });

  it('joins a call for its own key from inside the work instead of starting a second one', async () => {
    const flights = createSingleflight<number>();
    let inner: Promise<number> | undefined;

    const outer = flights.do('a', () => {
      inner = flights.do('a', () => 2);
      return 1;
    });

    expect(await outer).toBe(1);
    expect(inner).toBe(outer);
  });

  it('rejects work that is no function', async () => {
    const flights = createSingleflight<number>();

    await expect(flights.do('a', undefined as never)).rejects.toBeInstanceOf(TypeError);
    expect(flights.size).toBe(0);
  });

  it('types value and key', () => {
    type Dates = Singleflight<Date, number>;
    expectTypeOf<Dates['do']>().parameter(0).toEqualTypeOf<number>();
    expectTypeOf<Dates['do']>().returns.toEqualTypeOf<Promise<Date>>();
    expectTypeOf<Dates['doShared']>().returns.toEqualTypeOf<Promise<{ value: Date; shared: boolean }>>();
  });
});

describe('keys', () => {
  const object = {};
  it.each<[string, unknown, unknown, boolean]>([
    ['NaN with NaN', Number.NaN, Number.NaN, true],
    ['0 with -0', 0, -0, true],
    ['an object with itself', object, object, true],
    ['an object with its like', object, {}, false],
    ['1 with "1"', 1, '1', false],
    ['undefined with null', undefined, null, false],
  ])('compares %s as a Map does', (_, one, other, same) => {
    const flights = createSingleflight<number, unknown>();

    const first = flights.do(one, never);

    expect(flights.do(other, never) === first).toBe(same);
    expect(flights.size).toBe(same ? 1 : 2);
  });
});
