/** Runs `operations` times `work`, at most `concurrency` at once. */
export async function load(
  concurrency: number,
  operations: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < operations) await work((next += 1));
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, operations) }, worker));
}

export interface Workers {
  readonly startedAt: number;
  /** Failures: when, which worker, what. */
  readonly failures: { at: number; worker: number; error: Error }[];
  /** Time stamps of successes, in order. */
  readonly successes: number[];
  stop(): Promise<void>;
}

/** Closed-loop workers that go on whatever happens; what happens is written down. */
export function startWorkers(count: number, work: () => Promise<unknown>): Workers {
  const stopping = new AbortController();
  const state = { startedAt: performance.now(), failures: [] as Workers['failures'], successes: [] as number[] };
  const loops = Array.from({ length: count }, async (_, worker) => {
    while (!stopping.signal.aborted) {
      try {
        await work();
        state.successes.push(performance.now());
      } catch (error) {
        state.failures.push({ at: performance.now(), worker, error: error as Error });
      }
    }
  });
  return {
    ...state,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Successes a millisecond between two moments. */
export function rate({ successes }: Workers, from: number, to: number): number {
  return successes.filter((at) => at > from && at <= to).length / (to - from);
}

const WINDOW_MS = 50;

/** Milliseconds from `since` to the end of the first 50 ms, wherever they begin, with `share` of the usual rate. */
export function recoveredAfter(workers: Workers, since: number, usual: number, share: number): number {
  const { successes } = workers;
  const wanted = Math.ceil(usual * WINDOW_MS * share);
  for (let last = wanted - 1; last < successes.length; last += 1) {
    const first = successes[last - wanted + 1]!;
    if (first >= since && successes[last]! - first <= WINDOW_MS) return successes[last]! - since;
  }
  return Infinity;
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
