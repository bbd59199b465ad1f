import { fork } from 'node:child_process';
import { once } from 'node:events';
import { compare, median, type Comparison, type CompareOptions } from '@corral-internal/bench-kit';

/** So many statements, at most `concurrency` at once; of each hundred the first `failingPercent` divide by zero. */
export interface Task {
  sql: string;
  failingPercent?: number;
  concurrency: number;
  operations: number;
}

/**
 * Pools, each in a process of its own, as in an application: none pays for the garbage of another, and the compiled driver has
 * seen one pool only. One works at a time, the others sleep.
 */
export class Contenders {
  readonly #children = new Map<string, ReturnType<typeof fork>>();
  #spentMs = 0;

  static async start(url: string, kinds: readonly string[]): Promise<Contenders> {
    const contenders = new Contenders();
    for (const kind of kinds) {
      const child = fork(new URL('contender.ts', import.meta.url), [kind, url]);
      await once(child, 'message');
      contenders.#children.set(kind, child);
    }
    return contenders;
  }

  /** Performs one task; `compare` then measures the time that the contender itself has measured. */
  async perform(kind: string, task: Task): Promise<void> {
    const child = this.#children.get(kind)!;
    const answered = once(child, 'message') as Promise<[number]>;
    child.send(task);
    const [ms] = await answered;
    this.#spentMs += ms;
  }

  /** A pool lives for days: what is measured is compiled code. Each gets the same warm-up. */
  async warmUp(task: Task): Promise<void> {
    for (const kind of this.#children.keys()) await this.perform(kind, task);
  }

  compare(options: Omit<CompareOptions, 'clock'>): Promise<Comparison> {
    return compare({ ...options, clock: () => this.#spentMs });
  }

  /** Resolves when all have closed their connections and ended. */
  async end(): Promise<void> {
    const exits = [...this.#children.values()].map((child) => once(child, 'exit'));
    for (const child of this.#children.values()) child.disconnect();
    await Promise.all(exits);
  }
}

/** One comparison out of several of the same contenders: the median of each figure. */
export function middle(runs: readonly Comparison[]): Comparison {
  const [first] = runs as [Comparison];
  const results = first.results.map(({ name }) => {
    const same = runs.map((run) => run.results.find((one) => one.name === name)!);
    return {
      name,
      nsPerOperation: median(same.map(({ nsPerOperation }) => nsPerOperation)),
      ratio: median(same.map(({ ratio }) => ratio)),
    };
  });
  return { ...first, rounds: runs.reduce((sum, { rounds }) => sum + rounds, 0), results };
}
