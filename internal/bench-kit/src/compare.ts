/** A contender runs `operations` operations in a call, or in `pieces` calls, which are numbered from 0. */
export type Contender = (piece: number) => unknown;

export interface CompareOptions {
  name: string;
  /** The contender that counts as 1. */
  baseline: string;
  contenders: Record<string, Contender>;
  /** Operations of one contender in a round. */
  operations: number;
  /**
   * Into how many calls a contender divides a round; default 1. All contenders do their first piece, then all their second one, and
   * so on: where the machine changes its speed within a round, they all meet it.
   */
  pieces?: number;
  /** Rounds after the warm-up; default 15. Each round runs every contender once, in a new random order. */
  rounds?: number;
  /** Runs before each piece, outside the measured time. */
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
 * within a round. Collects garbage before each round, or before each call where there are no pieces, when `node` runs with --expose-gc.
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const {
    name,
    baseline,
    contenders,
    operations,
    pieces = 1,
    rounds = 15,
    before,
    clock = () => performance.now(),
  } = options;
  if (!(baseline in contenders)) throw new RangeError(`baseline: expected one of the contenders, got ${baseline}`);
  const names = Object.keys(contenders);
  const times = new Map<string, number[]>(names.map((contender) => [contender, []]));

  for (let round = -2; round < rounds; round++) {
    const spent = new Map<string, number>(names.map((contender) => [contender, 0]));
    if (pieces > 1) globalThis.gc?.();
    for (let piece = 0; piece < pieces; piece++) {
      for (const contender of shuffled(names)) {
        await before?.();
        if (pieces === 1) globalThis.gc?.();
        const start = clock();
        const pending = contenders[contender]!(piece);
        if (pending instanceof Promise) await pending;
        spent.set(contender, spent.get(contender)! + clock() - start);
      }
    }
    if (round >= 0) for (const contender of names) times.get(contender)!.push(spent.get(contender)!);
  }

  return { name, baseline, rounds, results: measurementsOf(times, baseline, operations) };
}

/** What the milliseconds of each contender's rounds come to. The baseline must be one of them. */
export function measurementsOf(
  times: ReadonlyMap<string, readonly number[]>,
  baseline: string,
  operations: number,
): Measurement[] {
  const base = times.get(baseline)!;
  return Array.from(times, ([name, own]) => ({
    name,
    nsPerOperation: (median(own) / operations) * 1e6,
    ratio: median(own.map((time, round) => time / base[round]!)),
  }));
}

/** The medians of comparisons of the same contenders, each made in a process of its own; `rounds` are those of one. */
export function mediansOf(runs: readonly Comparison[]): Comparison {
  const [first] = runs;
  if (first === undefined) throw new RangeError('runs: expected at least one, got none');
  const results = first.results.map(({ name }, index) => ({
    name,
    nsPerOperation: median(runs.map((run) => run.results[index]!.nsPerOperation)),
    ratio: median(runs.map((run) => run.results[index]!.ratio)),
  }));
  return { ...first, results };
}

/** The middle value; the mean of the two middle ones where there is no single one. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A copy in a new random order. */
export function shuffled(list: readonly string[]): string[] {
  return list
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
