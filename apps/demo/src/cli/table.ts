import { rowHolds, type Row, type ScenarioResult } from '../run/result.ts';

/** The rows of a scenario as an aligned table: counts first, since they are exact. */
function renderRows(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    count(row.before),
    count(row.after),
    count(row.bound),
    saved(row),
    stateOf(row),
    row.source,
  ]);
  return align([['figure', 'before', 'after', 'bound', 'saved', '', 'source (kind)'], ...cells], [1, 2, 3, 4]);
}

function stateOf(row: Row): string {
  if (row.after === undefined) return row.skipped === undefined ? '' : `SKIPPED (${row.skipped})`;
  return rowHolds(row) ? 'ok' : 'BROKEN';
}

/** `54 s`, from 100 s on in minutes: `9 min`. */
export const duration = (ms: number): string =>
  ms < 100_000 ? `${Math.ceil(ms / 1_000)} s` : `${Math.ceil(ms / 60_000)} min`;

/** All that is to be said of a scenario when it is done. */
export function renderResult(result: ScenarioResult): string {
  const latencies = result.phases.map(({ name, latencyMs, durationMs, requests, validity }) => [
    name,
    `${requests.toLocaleString('en')} requests in ${(durationMs / 1_000).toFixed(1)} s`,
    `p50 ${latencyMs.p50.toFixed(1)} ms`,
    `p99 ${latencyMs.p99.toFixed(1)} ms`,
    `max ${latencyMs.max.toFixed(0)} ms`,
    `driver lag p99 ${validity.driverLagP99Ms.toFixed(1)} ms`,
    validity.ok ? '' : `INVALID: ${validity.detail}`,
  ]);
  const checks = result.checks.map(({ name, ok, detail }) => [ok ? 'ok' : 'BROKEN', name, detail]);
  const skipped = result.skipped.map((what) => `SKIPPED ${what}`);
  return [
    result.title,
    `${result.scale}; counted by ${result.countedBy}`,
    '',
    renderRows(result.rows),
    '',
    align(latencies, []),
    '',
    align(checks, []),
    ...skipped,
    '',
    ...result.notes.map((note) => (note.startsWith('limit: ') ? note : `note: ${note}`)),
    verdict(result),
  ].join('\n');
}

/** After several scenarios: the first figure of each, and its verdict. */
export function renderSummary(results: readonly ScenarioResult[]): string {
  const cells = results.map(({ id, status, skipped, rows: [row] }) => [
    id,
    row?.name ?? '',
    count(row?.before),
    count(row?.after),
    count(row?.bound),
    `${status.toUpperCase()}${skipped.length === 0 ? '' : ', in part skipped'}`,
  ]);
  return align([['scenario', 'figure', 'before', 'after', 'bound', 'verdict'], ...cells], [2, 3, 4]);
}

function verdict({ id, status, phases, skipped }: ScenarioResult): string {
  const words = {
    reproduced:
      skipped.length === 0
        ? 'REPRODUCED: every bound and every check holds.'
        : 'REPRODUCED, but for what was skipped: the lines above say which command provides what is missing.',
    broken: 'BROKEN: a bound or a check does not hold.',
    invalid: 'INVALID: the load was not what it should have been; try again on a quieter machine.',
    skipped: 'SKIPPED: the lines above say which command provides what is missing.',
  };
  const reason = phases.find(({ validity }) => !validity.ok)?.validity.detail;
  return `${id}: ${words[status]}${reason === undefined ? '' : ` (${reason})`}`;
}

/** `12,345`; a dash for what was not run. */
export const count = (value: number | undefined): string => (value === undefined ? '-' : value.toLocaleString('en'));

/** The share that was saved, and the least that was promised: `99.3 % (>= 90 %)`. */
function saved({ reduction, minReduction }: Row): string {
  if (reduction === undefined) return '-';
  const wanted = minReduction === undefined ? '' : ` (>= ${Math.round(minReduction * 100)} %)`;
  return `${(reduction * 100).toFixed(1)} %${wanted}`;
}

/** Pads the cells of each column to the same width; `right` names the columns of numbers. */
export function align(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
