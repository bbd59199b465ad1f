import { report } from '@corral-internal/bench-kit';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mapName, syncCaches } from './contenders.ts';
import { hitRatios } from './hit-ratio.ts';
import { bounded, count, mixedSequence, ratioOf, room, versionsOf } from './measure.ts';
import { inProcesses } from './processes.ts';
import type { SyncKind } from './sync-pair.ts';

const contenders = Object.keys(syncCaches(count)).filter((name) => name !== mapName);
const measured = (kind: SyncKind, name: string) =>
  inProcesses({
    baseline: mapName,
    contenders,
    script: 'sync-pair.ts',
    parameters: [kind],
    flags: ['--expose-gc'],
  })(kind, name);
const get = measured('get', '`get`, hit, 100,000 keys, zipf 0.99');
const set = measured('set', '`set` of a key that is held');
const distinct = new Set(mixedSequence().filter((_, index) => index % 10 === 0)).size;
const evicting = measured(
  'mixed',
  `90 % get, 10 % set, starting empty, room for ${room.toLocaleString('en')} of the ${distinct} keys that are set (the Map is unbounded)`,
);

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
const heap = Object.fromEntries([mapName, ...contenders].map((name) => [name, script('heap.ts', name)]));
const pauses = { all: script('pause.ts'), told: script('pause.ts', 'told'), most: script('pause.ts', 'told', '10') };
const ratios = hitRatios(5_000, 300_000);

report(import.meta.url, [get, set, evicting], {
  versions: versionsOf('lru-cache', '@isaacs/ttlcache'),
  figures: [
    bounded('`get` hit, ratio to Map.get', ratioOf(get), 1.45),
    bounded('`set`, ratio to Map.set', ratioOf(set), 1.35),
    bounded('mixed with eviction, ratio to an unbounded Map', ratioOf(evicting), 1.1),
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
    ...ratios.map(({ mix, ours, lru, limit }) => ({
      name: `hit ratio, ${mix}: SIEVE here, LRU of the same size`,
      value: `${ours.toFixed(3)}, ${lru.toFixed(3)}`,
      bound: limit ? 'none: a known limit' : 'above LRU',
      ok: limit || ours > lru,
    })),
  ],
});
process.exit();
