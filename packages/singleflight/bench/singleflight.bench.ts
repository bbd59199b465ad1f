import { compare, report } from '@corral-internal/bench-kit';
/* oxlint-disable typescript/no-implied-eval -- one function for each contender, so that no call site sees two of them */
import { createCache } from 'async-cache-dedupe';
import DataLoader from 'dataloader';
import pMemoize from 'p-memoize';
import { createSingleflight } from '../src/index.ts';

const callers = 1_000;
/** What a source answers: settles in a later turn of the event loop, as a socket does. */
const load = () => new Promise<number>((resolve) => setImmediate(resolve, 7));

/** What people write by hand. Its `finally` removes whichever flight holds the key by then. */
const running = new Map<string, Promise<number>>();
async function memo(key: string): Promise<number> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const flight = load().finally(() => running.delete(key));
  running.set(key, flight);
  return flight;
}

const flights = createSingleflight<number>();
const memoized = pMemoize((_key: string) => load(), { cache: false });
const deduped = createCache({ ttl: 0, storage: { type: 'memory' } }).define('load', (_key: string) => load());
const loader = new DataLoader<string, number>(async (keys) => {
  const value = await load();
  return keys.map(() => value);
});

const storms = 100;
/**
 * `callers` calls at once, then the wait for all of them; `storms` times over. One function for each contender, so that no
 * call site sees two of them.
 */
function storm(call: () => Promise<unknown>, between: () => unknown = () => {}): () => Promise<void> {
  const run = new Function(
    'call',
    'between',
    'storms',
    'callers',
    `return async () => {
      for (let storm = 0; storm < storms; storm++) {
        const calls = [];
        for (let caller = 0; caller < callers; caller++) calls.push(call());
        await Promise.all(calls);
        between();
      }
    }`,
  ) as (...given: unknown[]) => () => Promise<void>;
  return run(call, between, storms, callers);
}

const cold = await compare({
  name: `${callers} callers of a cold key`,
  baseline: 'Map memo',
  operations: storms * callers,
  contenders: {
    'Map memo': storm(() => memo('a')),
    '@corral/singleflight': storm(() => flights.do('a', load)),
    'p-memoize 9.0.0 (cache: false)': storm(() => memoized('a')),
    'async-cache-dedupe 3.4.0 (ttl: 0)': storm(() => deduped.load('a')),
    'dataloader 2.2.3': storm(
      () => loader.load('a'),
      () => loader.clear('a'),
    ),
  },
});

const signalled = await compare({
  name: `${callers} callers of a cold key, each with a signal of its own (no peer has this)`,
  baseline: 'Map memo, no signals',
  operations: storms * callers,
  contenders: {
    'Map memo, no signals': storm(() => memo('a')),
    '@corral/singleflight': storm(() => flights.do('a', load, { signal: new AbortController().signal })),
    'new AbortController() alone': storm(async () => new AbortController().signal),
  },
});

const lone = await compare({
  name: 'a single caller of a cold key',
  baseline: 'Map memo',
  operations: 200,
  contenders: {
    'Map memo': () => repeat(() => memo('a')),
    '@corral/singleflight': () => repeat(() => flights.do('a', load)),
    'p-memoize 9.0.0 (cache: false)': () => repeat(() => memoized('a')),
    'async-cache-dedupe 3.4.0 (ttl: 0)': () => repeat(() => deduped.load('a')),
    'dataloader 2.2.3': () => repeat(() => loader.clear('a').load('a')),
  },
});

async function repeat(call: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await call();
}

/** Bytes allocated by a caller that joins, its promise included: the least of five runs, which the compiler disturbs least. */
function bytesPerJoin(): number {
  const joins = 1_000_000;
  const held: unknown[] = Array.from({ length: joins });
  const work = () => new Promise<number>(() => {});
  void flights.do('join', work);
  const run = () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < joins; index++) held[index] = flights.do('join', work);
    return (process.memoryUsage().heapUsed - before) / joins;
  };
  return Math.min(...Array.from({ length: 5 }, run));
}

const ratioOf = (name: string) => cold.results.find((result) => result.name === name)!.ratio;
const ratio = ratioOf('@corral/singleflight');
const best = Math.min(...cold.results.filter(({ name }) => !/Map|corral/.test(name)).map(({ ratio }) => ratio));
const bytes = bytesPerJoin();
report(import.meta.url, [cold, signalled, lone], {
  figures: [
    {
      name: `${callers} callers of a cold key, times a Map memo`,
      value: ratio.toFixed(2),
      bound: '<= 0.5',
      ok: ratio <= 0.5,
    },
    {
      name: 'the same, times the best peer',
      value: (ratio / best).toFixed(2),
      bound: '< 1',
      ok: ratio < best,
    },
    {
      name: 'bytes allocated by a join without a signal',
      value: bytes.toFixed(2),
      bound: '<= 1',
      ok: bytes <= 1,
    },
  ],
});
