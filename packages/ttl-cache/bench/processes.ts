import { median, shuffled, type Comparison } from '@corral-internal/bench-kit';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process of one contender and a baseline, in turns, has found out. */
export interface Taken {
  /** The contender's median time of an operation. */
  nsPerOperation: number;
  /** The median of its ratios to the baseline. */
  ratio: number;
}

const rounds = 7;

export interface InProcesses {
  baseline: string;
  contenders: readonly string[];
  /** Prints what it has taken, by kind, as one line of JSON. Its last parameter is the contender's name. */
  script: string;
  parameters?: readonly string[];
  /** Of `node`. */
  flags?: readonly string[];
}

/**
 * Runs a script for each contender in a process of its own, as a service has one cache: several in one process share the processor's
 * caches, the compiler and the collector, and pay for what the one before them has left there. What the compiler makes of a cache is
 * also luck that a process keeps. In each round all have theirs, in a new order; the figures are the medians of seven rounds.
 */
export function inProcesses(options: InProcesses): (kind: string, name: string) => Comparison {
  const { baseline, contenders, script, parameters = [], flags = [] } = options;
  const file = fileURLToPath(new URL(script, import.meta.url));
  const command = ['--conditions=@corral/source', '--no-warnings', ...flags, file, ...parameters];
  const taken = new Map<string, Record<string, Taken>[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      const line = execFileSync(process.execPath, [...command, contender], { encoding: 'utf8' });
      taken.get(contender)!.push(JSON.parse(line) as Record<string, Taken>);
    }
  }
  return (kind, name) => ({
    name,
    baseline,
    rounds,
    results: Array.from(taken, ([contender, all]) => ({
      name: contender,
      nsPerOperation: median(all.map((one) => one[kind]!.nsPerOperation)),
      ratio: median(all.map((one) => one[kind]!.ratio)),
    })),
  });
}
