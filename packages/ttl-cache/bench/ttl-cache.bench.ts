import { type Comparison, mediansOf, report } from '@corral-internal/bench-kit';
import { mapName, syncCaches } from './contenders.ts';
import { hitRatios } from './hit-ratio.ts';
import { bounded, ratioOf, versionsOf } from './measure.ts';
import { inProcesses, processes, run } from './processes.ts';
import type { SyncKind } from './sync-pair.ts';

const names = Object.keys(syncCaches(0));
const contenders = names.filter((name) => name !== mapName);
function measured(kind: SyncKind): Comparison {
  const runs = inProcesses(contenders, (name) => run('sync-pair.ts', [kind, name], ['--expose-gc']) as Comparison);
  const pairs = Array.from(runs.values(), mediansOf);
  const results = pairs.flatMap((pair) => pair.results.filter(({ name }) => name !== mapName));
  return { ...pairs[0]!, rounds: processes, results };
}
const get = measured('get');
const set = measured('set');
const mixed = measured('mixed');

const script = (name: string, ...parameters: string[]) => run(name, parameters, ['--expose-gc']) as number;
const heap = Object.fromEntries(names.map((name) => [name, script('heap.ts', name)]));
const pauses = { all: script('pause.ts'), told: script('pause.ts', 'told'), most: script('pause.ts', 'told', '10') };
const ratios = hitRatios(5_000, 300_000);

report(import.meta.url, [get, set, mixed], {
  versions: versionsOf('lru-cache', '@isaacs/ttlcache'),
  figures: [
    bounded('`get` hit, ratio to Map.get', ratioOf(get), 1.45),
    bounded('`set`, ratio to Map.set', ratioOf(set), 1.35),
    bounded('mixed with eviction, ratio to an unbounded Map', ratioOf(mixed), 1.1),
    bounded('heap bytes an entry, a million small values', heap['@corral/ttl-cache']!, 60, 1),
    ...[mapName, 'lru-cache', '@isaacs/ttlcache'].map((name) => ({
      name: `heap bytes an entry, ${name}`,
      value: heap[name]!.toFixed(1),
      bound: '',
      ok: true,
    })),
    bounded('a million entries expire: longest turn, ms', pauses.all, 10, 1),
    bounded('the same with onEvict, ms', pauses.told, 10, 1),
    bounded('the same where a tenth survives, ms', pauses.most, 10, 1),
    ...ratios.map(({ mix, ours, lru }) => ({
      name: `hit ratio, ${mix}: here, LRU of the same size`,
      value: `${ours.toFixed(3)}, ${lru.toFixed(3)}`,
      bound: 'above LRU',
      ok: ours > lru,
    })),
  ],
});
process.exit();
