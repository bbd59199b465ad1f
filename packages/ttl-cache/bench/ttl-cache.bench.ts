import { compare, report, type Comparison, type Figure } from '@corral-internal/bench-kit';
import { seededRandom, zipf } from '@corral-internal/test-kit';
/* oxlint-disable typescript/no-implied-eval -- one function for each contender, so that no call site sees two of them */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadingCaches, syncCaches } from './contenders.ts';
import { cpuMs } from './cpu-time.ts';
import { hitRatios } from './hit-ratio.ts';

const count = 100_000;
const operations = 500_000;
const keys = Array.from({ length: count }, (_, index) => `user:${index}`);
const values = keys.map((_, index) => ({ index }));
const rounds = 25;

/** The same sequence of keys for everybody; popular keys lie scattered. */
function sequence(seed: number, length: number): string[] {
  const scattered = seededRandom(seed).shuffle(keys.slice());
  const rank = zipf(seededRandom(seed + 1), count, 0.99);
  return Array.from({ length }, () => scattered[rank()]!);
}

const popular = sequence(1, operations);
const makers = syncCaches(count);
const full = Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make()]));
for (const cache of Object.values(full)) keys.forEach((key, index) => cache.set(key, values[index]!));

/**
 * One function for each contender, so that no call site sees two of them: its name makes its text its own, because V8
 * keeps one set of observations for equal texts.
 */
function contenders(caches: object, keys: string[], body: string): Record<string, () => unknown> {
  return Object.fromEntries(
    Object.entries(caches).map(([name, cache]) => {
      const run = new Function('cache', 'keys', 'values', `/* ${name} */ return ${body}`) as (
        ...given: unknown[]
      ) => () => unknown;
      return [name, run(cache, keys, values)];
    }),
  );
}

const get = await compare({
  name: '`get`, hit, 100,000 keys, zipf 0.99',
  baseline: 'bare Map',
  clock: cpuMs,
  operations,
  rounds,
  contenders: contenders(
    full,
    popular,
    '() => { let found = 0; for (let i = 0; i < keys.length; i++) if (cache.get(keys[i]) !== undefined) found++; return found; }',
  ),
});
const set = await compare({
  name: '`set` of a key that is held',
  baseline: 'bare Map',
  clock: cpuMs,
  operations,
  rounds: 15,
  contenders: contenders(
    full,
    popular,
    '() => { for (let i = 0; i < keys.length; i++) cache.set(keys[i], values[i % 1024]); }',
  ),
});
const mixed = sequence(5, 600_000);
const distinct = new Set(mixed.filter((_, index) => index % 10 === 0)).size;
const evicting = await compare({
  name: `90 % get, 10 % set, starting empty, room for 5,000 of the ${distinct} keys that are set (the Map is unbounded)`,
  baseline: 'bare Map',
  clock: cpuMs,
  operations: mixed.length,
  rounds,
  contenders: contenders(
    syncCaches(5_000),
    mixed,
    '() => { const held = cache(); let found = 0; for (let i = 0; i < keys.length; i++) if (i % 10 === 0) held.set(keys[i], values[i % 1024]); else if (held.get(keys[i]) !== undefined) found++; return found; }',
  ),
});

const source = (key: string) => new Promise<object>((resolve) => setImmediate(resolve, { key }));
const loading = loadingCaches(source, count);
const few = popular.slice(0, 30_000);
for (const cache of Object.values(loading)) for (const key of new Set(few)) await cache.load(key);
const hits = await compare({
  name: '`getOrLoad`, hit',
  baseline: 'Map memo',
  clock: cpuMs,
  operations: few.length,
  rounds: 15,
  contenders: contenders(
    loading,
    few,
    'async () => { for (let i = 0; i < keys.length; i++) await cache.load(keys[i]); }',
  ),
});

const callers = 1_000;
const storms = 50;
// A storm starts one load: without this, most of the loads measured would be the first ones of a process.
for (const cache of Object.values(loading)) {
  for (let turn = 0; turn < 5_000; turn++) {
    await cache.forget('cold');
    await cache.load('cold');
  }
  await cache.forget('cold');
  await checkOrder(Array.from({ length: callers }, () => cache.load('cold')));
}
const storming = (body: string) =>
  contenders(
    loading,
    [],
    `async () => {
      for (let storm = 0; storm < ${storms}; storm++) {
        await cache.forget('cold');
        ${body}
      }
    }`,
  );
const storm = await compare({
  name: '1,000 callers of a cold key, until the promise of the last has settled',
  baseline: 'Map memo',
  clock: cpuMs,
  operations: storms * callers,
  rounds: 15,
  contenders: storming(
    `let last; for (let caller = 0; caller < ${callers}; caller++) last = cache.load('cold'); await last;`,
  ),
});
const gathered = await compare({
  name: 'the same, with a `Promise.all` over the calls, which costs as much for everybody',
  baseline: 'Map memo',
  clock: cpuMs,
  operations: storms * callers,
  rounds: 15,
  contenders: storming(
    `const calls = []; for (let caller = 0; caller < ${callers}; caller++) calls.push(cache.load('cold')); await Promise.all(calls);`,
  ),
});

/** The wait for the last of them is a wait for all only where they settle in the order of the calls. */
async function checkOrder(calls: Promise<unknown>[]): Promise<void> {
  let settled = 0;
  for (const call of calls) void call.then(() => settled++);
  await calls.at(-1);
  if (settled < calls.length) throw new Error(`the last call settled before ${calls.length - settled} others`);
}

const script = (name: string, ...parameters: string[]) =>
  Number(
    execFileSync(
      process.execPath,
      ['--expose-gc', '--conditions=@corral/source', fileURLToPath(new URL(name, import.meta.url)), ...parameters],
      {
        encoding: 'utf8',
      },
    ),
  );
const heap = Object.fromEntries(Object.keys(full).map((name) => [name, script('heap.ts', name)]));
const pauses = { all: script('pause.ts'), told: script('pause.ts', 'told'), most: script('pause.ts', 'told', '10') };
const ratios = hitRatios(5_000, 300_000);

const bounded = (name: string, value: number, bound: number, digits = 2): Figure => ({
  name,
  value: value.toFixed(digits),
  bound: `<= ${bound}`,
  ok: value <= bound,
});
const ratioOf = ({ results }: Comparison, name = '@corral/ttl-cache') =>
  results.find((result) => result.name === name)!.ratio;
const peers = (comparison: Comparison) =>
  Math.min(...comparison.results.filter(({ name }) => !/Map|corral/.test(name)).map(({ ratio }) => ratio));
const versions = Object.fromEntries(
  [
    'lru-cache',
    '@isaacs/ttlcache',
    'bentocache',
    'cacheable',
    'cache-manager',
    'async-cache-dedupe',
    'p-memoize',
    'layered-loader',
  ].map((name) => {
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return [name, (JSON.parse(text) as { devDependencies: Record<string, string> }).devDependencies[name]!];
  }),
);

report(import.meta.url, [get, set, evicting, hits, storm, gathered], {
  versions,
  figures: [
    bounded('`get` hit, ratio to Map.get', ratioOf(get), 1.45),
    bounded('`set`, ratio to Map.set', ratioOf(set), 1.35),
    bounded('`getOrLoad` hit, ratio to a Map memo', ratioOf(hits), 1.2),
    bounded('cold key, 1,000 callers, ratio to a Map memo', ratioOf(storm), 0.5),
    {
      name: 'cold key, ratio to the best peer',
      value: (ratioOf(storm) / peers(storm)).toFixed(2),
      bound: '< 1',
      ok: ratioOf(storm) < peers(storm),
    },
    bounded('mixed with eviction, ratio to an unbounded Map', ratioOf(evicting), 1.1),
    bounded('heap bytes an entry, a million small values', heap['@corral/ttl-cache']!, 60, 1),
    ...['bare Map', 'lru-cache', '@isaacs/ttlcache'].map((name) => ({
      name: `heap bytes an entry, ${name}`,
      value: heap[name]!.toFixed(1),
      bound: '',
      ok: true,
    })),
    bounded('a million entries expire: longest turn, ms', pauses.all, 10, 1),
    bounded('the same with onEvict, ms', pauses.told, 10, 1),
    bounded('the same where a tenth survives, ms', pauses.most, 10, 1),
    ...ratios.map(({ mix, ours, lru, limit }) => ({
      name: `hit ratio, ${mix}: SIEVE here, LRU of the same size`,
      value: `${ours.toFixed(3)}, ${lru.toFixed(3)}`,
      bound: limit ? 'none: a known limit' : 'above LRU',
      ok: limit || ours > lru,
    })),
  ],
});
process.exit();
