/** A contender runs `operations` operations in a call. */
export type Contender = () => unknown;

export interface CompareOptions {
  name: string;
  /** The contender that counts as 1. */
  baseline: string;
  contenders: Record<string, Contender>;
  /** Operations in one call of a contender. */
  operations: number;
  /** Rounds after the warm-up; default 15. Each round runs every contender once, in a new random order. */
  rounds?: number;
  /** Runs before each call, outside the measured time. */
  before?: () => unknown;
  /** What is measured: wall time (default) or the CPU time of this process, in milliseconds. */
  clock?: () => number;
}

export interface Measurement {
  name: string;
  /** Median time of one operation, nanoseconds. */
  nsPerOperation: number;
  /** Median over the rounds of (this contender's time / the baseline's time in the same round). */
  ratio: number;
}

export interface Comparison {
  name: string;
  baseline: string;
  rounds: number;
  results: Measurement[];
}

/**
 * Compares contenders in one interleaved run: noise of the machine meets all of them alike, and each ratio is taken
 * within a round. Collects garbage before each call when `node` runs with --expose-gc.
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { name, baseline, contenders, operations, rounds = 15, before, clock = () => performance.now() } = options;
  if (!(baseline in contenders)) throw new RangeError(`baseline: expected one of the contenders, got ${baseline}`);
  const names = Object.keys(contenders);
  const times = new Map<string, number[]>(names.map((contender) => [contender, []]));

  for (let round = -2; round < rounds; round++) {
    for (const contender of shuffled(names)) {
      await before?.();
      globalThis.gc?.();
      const start = clock();
      const pending = contenders[contender]!();
      if (pending instanceof Promise) await pending;
      const elapsed = clock() - start;
      if (round >= 0) times.get(contender)!.push(elapsed);
    }
  }

  const base = times.get(baseline)!;
  const results = names.map((contender) => {
    const own = times.get(contender)!;
    return {
      name: contender,
      nsPerOperation: (median(own) / operations) * 1e6,
      ratio: median(own.map((time, round) => time / base[round]!)),
    };
  });
  return { name, baseline, rounds, results };
}

/** The middle value; the mean of the two middle ones where there is no single one. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function shuffled(list: readonly string[]): string[] {
  return list
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
