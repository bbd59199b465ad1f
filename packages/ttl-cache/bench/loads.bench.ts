import { median, report, type Comparison } from '@corral-internal/bench-kit';
import { loadingCaches, memoName } from './contenders.ts';
import type { LoadKind, Taken } from './load-pair.ts';
import { bestPeer, bounded, count, ratioOf, versionsOf } from './measure.ts';
import { inProcesses, processes, run } from './processes.ts';

const names = Object.keys(loadingCaches(() => Promise.resolve({}), count)).filter((name) => name !== memoName);
// Without --expose-gc: forced collections, with no load alive, make V8 forget the shapes of loads and drop the code that knows them.
const taken = inProcesses(names, (name) => run('load-pair.ts', [name]) as Record<LoadKind, Taken>);

const comparisonOf = (kind: LoadKind, name: string): Comparison => ({
  name,
  baseline: memoName,
  rounds: processes,
  results: Array.from(taken, ([contender, all]) => ({
    name: contender,
    nsPerOperation: median(all.map((one) => one[kind].nsPerOperation)),
    ratio: median(all.map((one) => one[kind].ratio)),
  })),
});
const hits = comparisonOf('hit', '`getOrLoad`, hit');
const storm = comparisonOf('storm', '1,000 callers of a cold key, until the promise of the last has settled');
const gathered = comparisonOf(
  'gathered',
  'the same, with a `Promise.all` over the calls, which costs as much for everybody',
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
