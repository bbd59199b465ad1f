import { describe, expect, it } from 'vitest';
import { gate } from '@corral-internal/test-kit';
import { createSingleflight } from './index.ts';

const boom = new Error('boom');
const never = () => new Promise<never>(() => {});

describe('doShared', () => {
  it('is true for every caller of a flight that more than one joined, the first too', async () => {
    const flights = createSingleflight<number>();

    const answers = await Promise.all([
      flights.doShared('a', () => 1),
      flights.doShared('a', () => 2),
      flights.doShared('b', () => 3),
    ]);

    expect(answers).toEqual([
      { value: 1, shared: true },
      { value: 1, shared: true },
      { value: 3, shared: false },
    ]);
  });

  it('counts callers of do, and callers that have left', async () => {
    const flights = createSingleflight<number>();
    const load = gate<number>();
    const caller = new AbortController();

    const first = flights.doShared('a', () => load.promise);
    flights.do('a', never, { signal: caller.signal }).catch(() => {});
    caller.abort();
    load.open(1);

    expect(await first).toEqual({ value: 1, shared: true });
  });

  it('ends its wait at the abort', async () => {
    const flights = createSingleflight<number>();
    const caller = new AbortController();

    const call = flights.doShared('a', never, { signal: caller.signal });
    caller.abort(boom);

    await expect(call).rejects.toBe(boom);
  });
});
