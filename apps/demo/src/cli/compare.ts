import { readFileSync } from 'node:fs';
import { rowHolds, type Row, type RunResult, type ScenarioResult } from '../run/result.ts';
import { UsageError } from './arguments.ts';
import { align, count } from './table.ts';

/** Prints the figures of two runs side by side; 1 when something that held in the first does not in the second. */
export function compareCommand({ files: [first, second] }: { files: [string, string] }): number {
  const { text, isWorse } = compareResults(readResult(first), readResult(second));
  console.log(text);
  return isWorse ? 1 : 0;
}

/** @throws {UsageError} The file is no result of `demo run --json`. */
export function readResult(file: string): RunResult {
  let result: Partial<RunResult>;
  try {
    result = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunResult>;
  } catch (cause) {
    throw new UsageError(`compare: ${file}: ${(cause as Error).message}`, { cause });
  }
  if (result?.schemaVersion !== 1 || !Array.isArray(result.scenarios)) {
    throw new UsageError(`compare: ${file}: expected a result of demo run --json with schemaVersion 1`);
  }
  return result as RunResult;
}

/** What differs between two runs, as a table for each scenario that both have. */
export function compareResults(first: RunResult, second: RunResult): { text: string; isWorse: boolean } {
  let isWorse = false;
  const parts = first.scenarios.flatMap((one) => {
    const other = second.scenarios.find(({ id }) => id === one.id);
    if (other === undefined) return [`${one.id}: only in the first run`];
    isWorse ||= hasWorsened(one, other);
    return [
      `${one.id}: ${one.status} -> ${other.status}${one.scale === other.scale ? '' : '\n  the loads differ: compare shares, not counts'}`,
      align(
        [['figure', 'before 1', 'before 2', 'after 1', 'after 2', 'change', 'bound', ''], ...rowsOf(one, other)],
        [1, 2, 3, 4, 5, 6],
      ),
    ];
  });
  const extra = second.scenarios.filter(({ id }) => first.scenarios.every((each) => each.id !== id));
  const heads = [first, second].map(({ git, host }) => `${git}, ${host.cores} cores`);
  const lines = [
    `first: ${heads[0]}; second: ${heads[1]}`,
    ...parts,
    ...extra.map(({ id }) => `${id}: only in the second run`),
  ];
  return { text: lines.join('\n'), isWorse };
}

function hasWorsened(one: ScenarioResult, other: ScenarioResult): boolean {
  if (one.status === 'reproduced' && other.status !== 'reproduced') return true;
  return one.rows.some((row) => rowHolds(row) && other.rows.some((each) => each.name === row.name && !rowHolds(each)));
}

function rowsOf(one: ScenarioResult, other: ScenarioResult): string[][] {
  return one.rows.map((row) => {
    const match = other.rows.find(({ name }) => name === row.name);
    if (match === undefined)
      return [row.name, count(row.before), '-', count(row.after), '-', '', count(row.bound), 'gone'];
    const holds = rowHolds(match) ? 'ok' : 'BROKEN';
    return [
      row.name,
      count(row.before),
      count(match.before),
      count(row.after),
      count(match.after),
      change(row, match),
      count(match.bound),
      match.after === undefined ? '' : holds,
    ];
  });
}

function change({ after: from }: Row, { after: to }: Row): string {
  if (from === undefined || to === undefined) return '-';
  if (from === to) return '=';
  return from === 0 ? `+${count(to)}` : `${to > from ? '+' : ''}${(((to - from) / from) * 100).toFixed(0)} %`;
}
