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
  /** Successes in each window of `windowMs`, counted from the start. */
  readonly windows: number[];
  readonly startedAt: number;
  /** Failures: when, which worker, what. */
  readonly failures: { at: number; worker: number; error: Error }[];
  /** Time stamps of successes. */
  readonly successes: number[];
  stop(): Promise<void>;
}

/** Closed-loop workers that go on whatever happens; what happens is written down. */
export function startWorkers(count: number, windowMs: number, work: () => Promise<unknown>): Workers {
  const stopping = new AbortController();
  const startedAt = performance.now();
  const state = { windows: [] as number[], startedAt, failures: [] as Workers['failures'], successes: [] as number[] };
  const loops = Array.from({ length: count }, async (_, worker) => {
    while (!stopping.signal.aborted) {
      try {
        await work();
        const at = performance.now();
        state.successes.push(at);
        const window = Math.floor((at - startedAt) / windowMs);
        state.windows[window] = (state.windows[window] ?? 0) + 1;
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

/** Milliseconds from `since` to the end of the first window with `share` of the usual rate. */
export function recoveredAfter(
  workers: Workers,
  windowMs: number,
  since: number,
  usual: number,
  share: number,
): number {
  const first = Math.max(0, Math.ceil((since - workers.startedAt) / windowMs));
  for (let window = first; window < workers.windows.length; window += 1) {
    if ((workers.windows[window] ?? 0) >= usual * share) return workers.startedAt + (window + 1) * windowMs - since;
  }
  return Infinity;
}

/** The usual number of successes in a window: the median between two moments. */
export function usualRate(workers: Workers, windowMs: number, from: number, to: number): number {
  const first = Math.ceil((from - workers.startedAt) / windowMs);
  const last = Math.floor((to - workers.startedAt) / windowMs);
  const counts = Array.from({ length: Math.max(0, last - first) }, (_, index) => workers.windows[first + index] ?? 0);
  return counts.sort((a, b) => a - b)[counts.length >> 1] ?? 0;
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
