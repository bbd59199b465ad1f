import type { Check, WorkerReport } from './protocol.ts';
import { unduly, worstWindow } from './worst-window.ts';

/** What the checks of a whole fleet amount to. */
export interface Summary {
  readonly checks: number;
  readonly admitted: number;
  readonly errors: number;
  readonly hung: number;
  /** Most units certainly admitted in one window, over the limit. */
  readonly worst: number;
  /** Denials by the store while a unit was certainly free. */
  readonly undue: number;
  readonly sources: Record<string, number>;
}

/** Times are rounded to whole milliseconds when a unit is written, when it is read, and when a denial is remembered. */
const SLACK_MS = 3;

const all = (reports: readonly WorkerReport[]): Check[] => reports.flatMap(({ checks }) => checks);

export function summarize(reports: readonly WorkerReport[], limit: number, windowMs: number): Summary {
  const checks = all(reports);
  const admitted = checks.filter(({ allowed }) => allowed).map((check) => ({ ...check, units: 1 }));
  const denied = checks.filter(({ allowed, source }) => !allowed && source !== 'local');
  const sources: Record<string, number> = {};
  for (const { source } of checks) sources[source] = (sources[source] ?? 0) + 1;
  return {
    checks: checks.length,
    admitted: admitted.length,
    errors: reports.reduce((sum, { errors }) => sum + errors.length, 0),
    hung: reports.reduce((sum, { hung }) => sum + hung, 0),
    worst: worstWindow(admitted, windowMs) / limit,
    undue: unduly(denied, admitted, { limit, windowMs, slackMs: SLACK_MS }),
    sources,
  };
}

/** Latencies of the checks that were sent between two times, ascending, milliseconds. */
export const latencies = (reports: readonly WorkerReport[], fromMs: number, toMs: number): number[] =>
  all(reports)
    .filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs)
    .map(({ sentMs, repliedMs }) => repliedMs - sentMs)
    .sort((left, right) => left - right);

export const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;

/** How much was admitted of what could have been, over a whole run under steady overload. */
export function efficiency(reports: readonly WorkerReport[], limit: number, windowMs: number): number {
  const admitted = all(reports).filter(({ allowed }) => allowed);
  const from = Math.min(...admitted.map(({ sentMs }) => sentMs));
  const to = Math.max(...admitted.map(({ repliedMs }) => repliedMs));
  return admitted.length / (limit * (Math.floor((to - from) / windowMs) + 1));
}
