import { compare, report } from '@corral-internal/bench-kit';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { syncCaches } from './contenders.ts';
import { hitRatios } from './hit-ratio.ts';
import { bounded, contenders, count, keys, ratioOf, sequence, values, versionsOf } from './measure.ts';

/**
 * Each does 25,000 operations, some milliseconds, and then the next one: the memory of the machine has other users, which change its
 * speed by a factor of three within seconds. It is also as a cache is used, between other work.
 */
const piece = 25_000;
const operations = 500_000;
const pieces = operations / piece;
const rounds = 25;
/** The numbers of a piece's operations, for the bodies below. */
const range = `let i = piece * ${piece}, to = i + ${piece};`;
const popular = sequence(1, operations);
const full = Object.fromEntries(Object.entries(syncCaches(count)).map(([name, make]) => [name, make()]));
for (const cache of Object.values(full)) keys.forEach((key, index) => cache.set(key, values[index]!));

const get = await compare({
  name: '`get`, hit, 100,000 keys, zipf 0.99',
  baseline: 'bare Map',
  operations,
  pieces,
  rounds,
  contenders: contenders(
    full,
    popular,
    `(piece) => { ${range} let found = 0; for (; i < to; i++) if (cache.get(keys[i]) !== undefined) found++; return found; }`,
  ),
});
const set = await compare({
  name: '`set` of a key that is held',
  baseline: 'bare Map',
  operations,
  pieces,
  rounds: 15,
  contenders: contenders(
    full,
    popular,
    `(piece) => { ${range} for (; i < to; i++) cache.set(keys[i], values[i % 1024]); }`,
  ),
});
const mixed = sequence(5, 600_000);
const distinct = new Set(mixed.filter((_, index) => index % 10 === 0)).size;
const evicting = await compare({
  name: `90 % get, 10 % set, starting empty, room for 5,000 of the ${distinct} keys that are set (the Map is unbounded)`,
  baseline: 'bare Map',
  operations: mixed.length,
  pieces: mixed.length / piece,
  rounds,
  contenders: contenders(
    syncCaches(5_000),
    mixed,
    `(() => {
      let held;
      return (piece) => {
        if (piece === 0) held = cache();
        let found = 0;
        ${range}
        for (; i < to; i++) if (i % 10 === 0) held.set(keys[i], values[i % 1024]); else if (held.get(keys[i]) !== undefined) found++;
        return found;
      };
    })()`,
  ),
});

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

report(import.meta.url, [get, set, evicting], {
  versions: versionsOf('lru-cache', '@isaacs/ttlcache'),
  figures: [
    bounded('`get` hit, ratio to Map.get', ratioOf(get), 1.45),
    bounded('`set`, ratio to Map.set', ratioOf(set), 1.35),
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
