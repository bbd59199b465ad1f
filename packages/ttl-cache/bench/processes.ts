import { shuffled } from '@corral-internal/bench-kit';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a script of this folder, and reads the line of JSON that it prints. */
export function run(script: string, parameters: readonly string[], flags: readonly string[] = []): unknown {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const options = ['--conditions=@corral/source', '--no-warnings', ...flags];
  return JSON.parse(execFileSync(process.execPath, [...options, file, ...parameters], { encoding: 'utf8' }));
}

/** In how many processes each contender is measured. */
export const processes = 7;

/**
 * Calls `measure` for each contender, which runs a process, seven times, in a new order each: several contenders in one process share
 * the processor's caches, the compiler and the collector, and pay for what the one before them has left there; a service has one
 * cache. What the compiler makes of a cache, and where its arrays lie, is also luck that a process keeps.
 */
export function inProcesses<Measured>(
  contenders: readonly string[],
  measure: (contender: string) => Measured,
): Map<string, Measured[]> {
  const measured = new Map<string, Measured[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < processes; round++) {
    for (const contender of shuffled(contenders)) measured.get(contender)!.push(measure(contender));
  }
  return measured;
}
