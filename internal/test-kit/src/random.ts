/** A seeded source of chance: the same seed gives the same run. */
export interface SeededRandom {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, maxExclusive). */
  int(maxExclusive: number): number;
  pick<T>(list: readonly T[]): T;
  /** Shuffles `list` in place (Fisher-Yates) and returns it. */
  shuffle<T>(list: T[]): T[];
}

/** mulberry32: 32 bits of state, fast, good enough for load and test data. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (maxExclusive: number): number => Math.floor(next() * maxExclusive);
  return {
    next,
    int,
    pick: (list) => list[int(list.length)]!,
    shuffle: (list) => {
      for (let last = list.length - 1; last > 0; last--) {
        const other = int(last + 1);
        [list[last], list[other]] = [list[other]!, list[last]!];
      }
      return list;
    },
  };
}

/** Draws indices 0..count-1 after Zipf's law: index i with a weight of 1 / (i + 1) ** exponent. */
export function zipf(random: SeededRandom, count: number, exponent: number): () => number {
  const cumulative = new Float64Array(count);
  let total = 0;
  for (let index = 0; index < count; index++) {
    total += 1 / (index + 1) ** exponent;
    cumulative[index] = total;
  }
  return () => {
    const wanted = random.next() * total;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
