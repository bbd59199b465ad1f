import { report, type Comparison } from '@corral-internal/bench-kit';
import { loadingCaches, memoName } from './contenders.ts';
import { bestPeer, bounded, count, ratioOf, versionsOf } from './measure.ts';
import { inProcesses } from './processes.ts';

const names = Object.keys(loadingCaches(() => Promise.resolve({}), count)).filter((name) => name !== memoName);
// Without --expose-gc: forced collections, with no load alive, make V8 forget the shapes of loads and drop the code that knows them.
const comparisonOf = inProcesses({ baseline: memoName, contenders: names, script: 'load-pair.ts' });
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
