import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSingleflight, type FlightEvent } from './index.ts';

const boom = new Error('boom');
const unhandled: unknown[] = [];
const collect = (error: unknown) => void unhandled.push(error);
beforeEach(() => void process.on('unhandledRejection', collect));
afterEach(() => void process.off('unhandledRejection', collect));
/** Node has looked for rejections that nobody handles. */
const looked = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('an answer that nobody looks at', () => {
  const signal = () => new AbortController().signal;
  it.each<[string, (flights: ReturnType<typeof createSingleflight<number>>) => Promise<unknown>]>([
    ['do', (flights) => flights.do('a', () => Promise.reject(boom))],
    ['do with a signal', (flights) => flights.do('a', () => Promise.reject(boom), { signal: signal() })],
    ['doShared', (flights) => flights.doShared('a', () => Promise.reject(boom))],
    ['doShared with a signal', (flights) => flights.doShared('a', () => Promise.reject(boom), { signal: signal() })],
    ['an aborted caller', (flights) => flights.do('a', () => 1, { signal: AbortSignal.abort(boom) })],
  ])('is no unhandled rejection: %s', async (_, call) => {
    void call(createSingleflight<number>());
    await looked();

    expect(unhandled.splice(0)).toEqual([]);
  });

  it('still leaves an event', async () => {
    const events: FlightEvent[] = [];
    const flights = createSingleflight<number>({ onEvent: (event) => void events.push(event) });

    void flights.do('a', () => Promise.reject(boom));
    await looked();

    expect(events.at(-1)).toEqual({ type: 'failed', key: 'a', callers: 1, waiting: 1, error: boom });
  });
});
