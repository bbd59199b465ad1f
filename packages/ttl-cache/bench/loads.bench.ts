import { compare, report } from '@corral-internal/bench-kit';
import { loadingCaches } from './contenders.ts';
import { bestPeer, bounded, contenders, count, ratioOf, sequence, versionsOf } from './measure.ts';

// No collection before each contender: nine in a row, with no load alive, make V8 forget the shapes of loads and drop the code
// that knows them, so that everybody would start cold each time.
(globalThis as { gc?: unknown }).gc = undefined;

const source = (key: string) => new Promise<object>((resolve) => setImmediate(resolve, { key }));
const loading = loadingCaches(source, count);
const few = sequence(1, 30_000);
for (const cache of Object.values(loading)) for (const key of new Set(few)) await cache.load(key);
const piece = 5_000;
const hits = await compare({
  name: '`getOrLoad`, hit',
  baseline: 'Map memo',
  operations: few.length,
  pieces: few.length / piece,
  rounds: 25,
  contenders: contenders(
    loading,
    few,
    `async (piece) => { for (let i = piece * ${piece}, to = i + ${piece}; i < to; i++) await cache.load(keys[i]); }`,
  ),
});

const callers = 1_000;
/** In a piece. */
const storms = 10;
const fewStorms = 4;
const pieces = 10;
// A storm starts one load: without this, most of the loads measured would be the first ones of a process.
for (const cache of Object.values(loading)) {
  for (let turn = 0; turn < 10_000; turn++) await cache.load(`warm:${turn}`);
  await checkOrder(Array.from({ length: callers }, () => cache.load('order')));
}
/** Each storm has a key of its own, that nobody has asked for before. */
const compareStorms = (name: string, storms: number, body: string) =>
  compare({
    name,
    baseline: 'Map memo',
    operations: pieces * storms * callers,
    pieces,
    rounds: 15,
    contenders: contenders(
      loading,
      [],
      `(() => {
        let keys = 0;
        return async () => {
          for (let storm = 0; storm < ${storms}; storm++) {
            const key = 'cold:${storms}:' + keys++;
            ${body}
          }
        };
      })()`,
    ),
  });
const storm = await compareStorms(
  '1,000 callers of a cold key, until the promise of the last has settled',
  storms,
  `let last; for (let caller = 0; caller < ${callers}; caller++) last = cache.load(key); await last;`,
);
const gathered = await compareStorms(
  'the same, with a `Promise.all` over the calls, which costs as much for everybody',
  fewStorms,
  `const calls = []; for (let caller = 0; caller < ${callers}; caller++) calls.push(cache.load(key)); await Promise.all(calls);`,
);

/** The wait for the last of them is a wait for all only where they settle in the order of the calls. */
async function checkOrder(calls: Promise<unknown>[]): Promise<void> {
  let settled = 0;
  for (const call of calls) void call.then(() => settled++);
  await calls.at(-1);
  if (settled < calls.length) throw new Error(`the last call settled before ${calls.length - settled} others`);
}

report(import.meta.url, [hits, storm, gathered], {
  file: 'RESULTS-loads.md',
  versions: versionsOf(
    'lru-cache',
    'bentocache',
    'cacheable',
    'cache-manager',
    'async-cache-dedupe',
    'p-memoize',
    'layered-loader',
  ),
  figures: [
    bounded('`getOrLoad` hit, ratio to a Map memo', ratioOf(hits), 1.2),
    bounded('cold key, 1,000 callers, ratio to a Map memo', ratioOf(storm), 0.5),
    {
      name: 'cold key, ratio to the best peer',
      value: (ratioOf(storm) / bestPeer(storm)).toFixed(2),
      bound: '< 1',
      ok: ratioOf(storm) < bestPeer(storm),
    },
  ],
});
process.exit();
