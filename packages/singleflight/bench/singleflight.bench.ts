import { compare, report } from '@corral-internal/bench-kit';
/* oxlint-disable typescript/no-implied-eval -- one function for each contender, so that no call site sees two of them */
import { createCache } from 'async-cache-dedupe';
import DataLoader from 'dataloader';
import pMemoize from 'p-memoize';
import { createSingleflight } from '../src/index.ts';
import { cpuMs } from './cpu-time.ts';

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

const storms = 600;
/** Of what takes a microsecond. */
const fewStorms = 100;
const warmUps = 10_000;
/**
 * `callers` calls at once, then the wait for them; `storms` times over. One function for each contender, so that no call
 * site sees two of them: its name makes its text its own, because V8 keeps one set of observations for equal texts.
 */
function storm(name: string, call: Call, body: string, times: number, between?: () => unknown): () => Promise<void> {
  const run = new Function(
    'call',
    'between',
    'storms',
    'callers',
    `/* ${name} */ return async () => {
      for (let storm = 0; storm < storms; storm++) {
        ${body}
        between();
      }
    }`,
  ) as (...given: unknown[]) => () => Promise<void>;
  return run(call, between ?? (() => {}), times, callers);
}
type Call = () => Promise<unknown>;

const untilLast = 'let last; for (let caller = 0; caller < callers; caller++) last = call(); await last;';
const untilAll =
  'const calls = []; for (let caller = 0; caller < callers; caller++) calls.push(call()); await Promise.all(calls);';

const contenders: Record<string, [Call, (() => unknown)?]> = {
  'Map memo': [() => memo('a')],
  '@corral/singleflight': [() => flights.do('a', load)],
  'p-memoize 9.0.0 (cache: false)': [() => memoized('a')],
  'async-cache-dedupe 3.4.0 (ttl: 0)': [() => deduped.load('a')],
  'dataloader 2.2.3': [() => loader.load('a'), () => loader.clear('a')],
};
// A storm starts one load: without this, most of the loads measured would be the first ones of a process.
for (const [call, between] of Object.values(contenders)) {
  for (let turn = 0; turn < warmUps; turn++) {
    await call();
    between?.();
  }
  await checkOrder(Array.from({ length: callers }, call));
  between?.();
}
const storming = (body: string) =>
  Object.fromEntries(
    Object.entries(contenders).map(([name, parts]) => [name, storm(name, parts[0], body, storms, parts[1])]),
  );

const cold = await compare({
  name: `${callers} callers of a cold key, until the promise of the last has settled`,
  baseline: 'Map memo',
  clock: cpuMs,
  operations: storms * callers,
  rounds: 25,
  contenders: storming(untilLast),
});
const gathered = await compare({
  name: `the same, with a \`Promise.all\` over the calls, which costs as much for everybody`,
  baseline: 'Map memo',
  clock: cpuMs,
  operations: storms * callers,
  rounds: 25,
  contenders: storming(untilAll),
});

const signalled = await compare({
  name: `${callers} callers of a cold key, each with a signal of its own (no peer has this)`,
  baseline: 'Map memo, no signals',
  clock: cpuMs,
  operations: fewStorms * callers,
  contenders: {
    'Map memo, no signals': storm('memo', () => memo('a'), untilAll, fewStorms),
    '@corral/singleflight': storm(
      'signals',
      () => flights.do('a', load, { signal: new AbortController().signal }),
      untilAll,
      fewStorms,
    ),
    'new AbortController() alone': storm('controllers', async () => new AbortController().signal, untilAll, fewStorms),
  },
});

const lone = await compare({
  name: 'a single caller of a cold key',
  baseline: 'Map memo',
  clock: cpuMs,
  operations: 2_000,
  contenders: Object.fromEntries(
    Object.entries(contenders).map(([name, [call, between]]) => [name, () => repeat(call, between)]),
  ),
});

/** The wait for the last of them is a wait for all only where they settle in the order of the calls. */
async function checkOrder(calls: Promise<unknown>[]): Promise<void> {
  let settled = 0;
  for (const call of calls) void call.then(() => settled++);
  await calls.at(-1);
  if (settled < calls.length) throw new Error(`the last call settled before ${calls.length - settled} others`);
}

async function repeat(call: Call, between?: () => unknown): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    await call();
    between?.();
  }
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
report(import.meta.url, [cold, gathered, signalled, lone], {
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
