import { seededRandom, zipf } from '@corral-internal/test-kit';

/** A source of keys, the same on every run. */
export type Mix = () => number;

const keySpace = 50_000;

/** What caches meet: skew, scans over keys that never come back, loops that do not fit, and popularity that turns over at once. */
export const mixes: Record<string, () => Mix> = {
  'zipf 0.8': () => zipf(seededRandom(1), keySpace, 0.8),
  'zipf 0.99': () => zipf(seededRandom(2), keySpace, 0.99),
  'zipf 1.2': () => zipf(seededRandom(3), keySpace, 1.2),
  'zipf 0.99, every 10th read a scan': () => withScan(zipf(seededRandom(4), keySpace, 0.99), 10, 1),
  'zipf 0.99, scans of 10,000 keys': () => withScan(zipf(seededRandom(5), keySpace, 0.99), 40_000, 10_000),
  'zipf 0.99, scans of 50,000 keys': () => withScan(zipf(seededRandom(6), keySpace, 0.99), 100_000, 50_000),
  'zipf 0.99 and a loop over 20,000 keys': () => alternate(zipf(seededRandom(7), keySpace, 0.99), loop(20_000)),
  'a loop over 6,000 keys': () => loop(6_000),
  'zipf 0.99 whose popular keys are all replaced every 50,000 reads': () =>
    moving(zipf(seededRandom(8), keySpace, 0.99), 50_000, 1_000),
};

/** After each `every` reads, `length` keys in a row that nobody asks for again. */
function withScan(base: Mix, every: number, length: number): Mix {
  let reads = 0;
  let scanned = 1_000_000;
  return () => (reads++ % (every + length) < every ? base() : scanned++);
}

function loop(length: number): Mix {
  let at = 0;
  return () => 500_000 + (at++ % length);
}

function alternate(one: Mix, other: Mix): Mix {
  let reads = 0;
  return () => (reads++ % 2 === 0 ? one() : other());
}

function moving(base: Mix, every: number, by: number): Mix {
  let reads = 0;
  return () => base() + Math.floor(reads++ / every) * by;
}
