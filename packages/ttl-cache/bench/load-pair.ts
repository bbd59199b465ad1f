// One contender against the memo, in turns, in a process of their own: `node load-pair.ts <contender>` prints one line of JSON.
import { median } from '@corral-internal/bench-kit';
import { loadingCaches, memoName, type LoadingCache } from './contenders.ts';
import { contenders, count, sequence } from './measure.ts';

export type LoadKind = 'hit' | 'storm' | 'gathered';

export interface Taken {
  /** The contender's median time of a call. */
  nsPerOperation: number;
  /** The median of its ratios to the memo, turn by turn. */
  ratio: number;
}

/** Calls in a turn, for everybody. */
const turn = 25_000;
const callers = 1_000;
const turns = { least: 5, most: 400, ms: 400 };

const name = process.argv[2]!;
const source = (key: string) => new Promise<object>((resolve) => setImmediate(resolve, { key }));
const known = loadingCaches(source, count);
const make = known[name];
if (make === undefined)
  throw new RangeError(`contender: expected one of ${Object.keys(known).join(', ')}, got ${name}`);
const pair: Record<string, LoadingCache> = { [memoName]: known[memoName]!(), [name]: make() };

const keys = sequence(1, turn);
for (const cache of Object.values(pair)) {
  for (const key of new Set(keys)) await cache.load(key);
  // A storm starts one load: without this, most of the loads measured would be the first ones of a process.
  for (let load = 0; load < 10_000; load++) await cache.load(`warm:${load}`);
  await checkOrder(Array.from({ length: callers }, () => cache.load('order')));
}

/** Each storm has a key of its own, that nobody has asked for before. */
const storms = (kind: LoadKind, body: string) => `(() => {
  let keys = 0;
  return async () => {
    for (let storm = 0; storm < ${turn / callers}; storm++) {
      const key = '${kind}:' + keys++;
      ${body}
    }
  };
})()`;
const bodies: Record<LoadKind, string> = {
  hit: 'async () => { for (let i = 0; i < keys.length; i++) await cache.load(keys[i]); }',
  storm: storms(
    'storm',
    `let last; for (let caller = 0; caller < ${callers}; caller++) last = cache.load(key); await last;`,
  ),
  gathered: storms(
    'gathered',
    `const calls = []; for (let caller = 0; caller < ${callers}; caller++) calls.push(cache.load(key)); await Promise.all(calls);`,
  ),
};
const taken: Partial<Record<LoadKind, Taken>> = {};
for (const [kind, body] of Object.entries(bodies))
  taken[kind as LoadKind] = await inTurns(contenders(pair, keys, body));
console.log(JSON.stringify(taken));
process.exit();

async function inTurns(runs: Record<string, () => unknown>): Promise<Taken> {
  const memo = runs[memoName]!;
  const own = runs[name]!;
  const spent: number[] = [];
  const ratios: number[] = [];
  const enough = () => spent.length >= turns.most || (performance.now() > untilMs && spent.length >= turns.least);
  await own();
  await memo();
  const untilMs = performance.now() + turns.ms;
  while (!enough()) {
    const first = await timed(memo);
    const between = await timed(own);
    const last = await timed(memo);
    spent.push(between);
    ratios.push(between / ((first + last) / 2));
  }
  return { nsPerOperation: (median(spent) / turn) * 1e6, ratio: median(ratios) };
}

async function timed(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** The wait for the last of them is a wait for all only where they settle in the order of the calls. */
async function checkOrder(calls: Promise<unknown>[]): Promise<void> {
  let settled = 0;
  for (const call of calls) void call.then(() => settled++);
  await calls.at(-1);
  if (settled < calls.length) throw new Error(`the last call settled before ${calls.length - settled} others`);
}
