import { median, report, shuffled, type Comparison } from '@corral-internal/bench-kit';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loadingCaches, memoName } from './contenders.ts';
import type { Kind, Taken } from './load-pair.ts';
import { bestPeer, bounded, count, ratioOf, versionsOf } from './measure.ts';

// A process of its own for each contender, as a service has one cache: nine in one process share the processor's caches, the
// compiler and the collector, and pay for what the one before them has left there. In each round all have theirs, in a new order.
const rounds = 7;
const names = Object.keys(loadingCaches(() => Promise.resolve({}), count)).filter((name) => name !== memoName);
const script = fileURLToPath(new URL('load-pair.ts', import.meta.url));
const taken: Record<string, Record<Kind, Taken>[]> = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const name of shuffled(names)) {
    // Without --expose-gc: forced collections, with no load alive, make V8 forget the shapes of loads and drop the code that knows them.
    const line = execFileSync(process.execPath, ['--conditions=@corral/source', script, name], { encoding: 'utf8' });
    taken[name]!.push(JSON.parse(line) as Record<Kind, Taken>);
  }
}

const comparisonOf = (name: string, kind: Kind): Comparison => ({
  name,
  baseline: memoName,
  rounds,
  results: Object.entries(taken).map(([contender, all]) => ({
    name: contender,
    nsPerOperation: median(all.map((one) => one[kind].nsPerCall)),
    ratio: median(all.map((one) => one[kind].ratio)),
  })),
});
const hits = comparisonOf('`getOrLoad`, hit', 'hit');
const storm = comparisonOf('1,000 callers of a cold key, until the promise of the last has settled', 'storm');
const gathered = comparisonOf(
  'the same, with a `Promise.all` over the calls, which costs as much for everybody',
  'gathered',
);
const aheadOfPeers = (name: string, comparison: Comparison) => {
  const ratio = ratioOf(comparison) / bestPeer(comparison);
  return { name, value: ratio.toFixed(2), bound: '< 1', ok: ratio < 1 };
};

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
    aheadOfPeers('`getOrLoad` hit, ratio to the best peer', hits),
    bounded('cold key, 1,000 callers, ratio to a Map memo', ratioOf(storm), 0.5),
    aheadOfPeers('cold key, ratio to the best peer', storm),
    aheadOfPeers('cold key with `Promise.all`, ratio to the best peer', gathered),
  ],
});
