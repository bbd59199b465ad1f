// One contender beside a bare Map, in a process of their own: `node sync-pair.ts <kind> <contender>` prints one line of JSON.
import { compare } from '@corral-internal/bench-kit';
import { mapName, syncCaches, type SyncCache } from './contenders.ts';
import { contenders, count, keys, mixedSequence, room, sequence, values } from './measure.ts';

export type SyncKind = 'get' | 'set' | 'mixed';

/**
 * Each does 25,000 operations, some milliseconds, and then the other one: the memory of the machine has other users, which change its
 * speed by a factor of three within seconds. It is also as a cache is used, between other work.
 */
const piece = 25_000;
/** The numbers of a piece's operations, for the bodies below. */
const range = `let i = piece * ${piece}, to = i + ${piece};`;

const [kind, name] = process.argv.slice(2) as [SyncKind, string];
const known = syncCaches(kind === 'mixed' ? room : count);
const make = known[name];
if (make === undefined)
  throw new RangeError(`contender: expected one of ${Object.keys(known).join(', ')}, got ${name}`);
const pair = { [mapName]: known[mapName]!, [name]: make };
const used = kind === 'mixed' ? mixedSequence() : sequence(1, 500_000);
const { results } = await compare({
  name: kind,
  baseline: mapName,
  operations: used.length,
  pieces: used.length / piece,
  rounds: 5,
  contenders: contendersOf(kind),
});
console.log(JSON.stringify({ [kind]: results.find((result) => result.name === name) }));
process.exit();

function contendersOf(kind: SyncKind): Record<string, () => unknown> {
  if (kind === 'mixed') {
    return contenders(
      pair,
      used,
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
    );
  }
  const full = Object.fromEntries(Object.entries(pair).map(([who, make]) => [who, filled(make())]));
  return contenders(
    full,
    used,
    kind === 'get'
      ? `(piece) => { ${range} let found = 0; for (; i < to; i++) if (cache.get(keys[i]) !== undefined) found++; return found; }`
      : `(piece) => { ${range} for (; i < to; i++) cache.set(keys[i], values[i % 1024]); }`,
  );
}

function filled(cache: SyncCache): SyncCache {
  keys.forEach((key, index) => cache.set(key, values[index]!));
  return cache;
}
