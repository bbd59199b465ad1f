// One contender and a bare Map, in turns, in a process of their own: `node sync-pair.ts <kind> <contender>` prints a line of JSON.
import { compare } from '@corral-internal/bench-kit';
import { mapName, syncCaches, type SyncCache } from './contenders.ts';
import { contenders, count, keys, sequence, values } from './measure.ts';

/**
 * Each does 25,000 operations, some milliseconds, and then the other one: the memory of the machine has other users, which change its
 * speed by a factor of three within seconds. It is also as a cache is used, between other work.
 */
const piece = 25_000;
/** The numbers of a piece's operations, for the bodies below. */
const range = `let i = piece * ${piece}, to = i + ${piece};`;

interface Work {
  readonly name: string;
  readonly keys: readonly string[];
  readonly caches: object;
  readonly body: string;
}
const works = {
  get: (): Work => ({
    name: '`get`, hit, 100,000 keys, zipf 0.99',
    keys: sequence(1, 500_000),
    caches: filled(count),
    body: `(piece) => { ${range} let found = 0; for (; i < to; i++) if (cache.get(keys[i]) !== undefined) found++; return found; }`,
  }),
  set: (): Work => ({
    name: '`set` of a key that is held',
    keys: sequence(1, 500_000),
    caches: filled(count),
    body: `(piece) => { ${range} for (; i < to; i++) cache.set(keys[i], values[i % 1024]); }`,
  }),
  mixed: (): Work => {
    const keys = sequence(5, 600_000);
    const distinct = new Set(keys.filter((_, index) => index % 10 === 0)).size;
    return {
      name: `90 % get, 10 % set, starting empty, room for 5,000 of the ${distinct} keys that are set (the Map is unbounded)`,
      keys,
      caches: pair(5_000),
      body: `(() => {
        let held;
        return (piece) => {
          if (piece === 0) held = cache();
          let found = 0;
          ${range}
          for (; i < to; i++) if (i % 10 === 0) held.set(keys[i], values[i % 1024]); else if (held.get(keys[i]) !== undefined) found++;
          return found;
        };
      })()`,
    };
  },
};
export type SyncKind = keyof typeof works;

const [kind, contender] = process.argv.slice(2) as [SyncKind, string];
const work = works[kind]();
const comparison = await compare({
  name: work.name,
  baseline: mapName,
  operations: work.keys.length,
  pieces: work.keys.length / piece,
  rounds: 5,
  contenders: contenders(work.caches, work.keys, work.body),
});
console.log(JSON.stringify(comparison));
process.exit();

/** Makes the two, empty, with room for so many entries. */
function pair(max: number): Record<string, () => SyncCache> {
  const known = syncCaches(max);
  const make = known[contender];
  if (make === undefined) {
    throw new RangeError(`contender: expected one of ${Object.keys(known).join(', ')}, got ${contender}`);
  }
  return { [mapName]: known[mapName]!, [contender]: make };
}

function filled(max: number): Record<string, SyncCache> {
  const caches = Object.fromEntries(Object.entries(pair(max)).map(([name, make]) => [name, make()]));
  for (const cache of Object.values(caches)) keys.forEach((key, index) => cache.set(key, values[index]!));
  return caches;
}
