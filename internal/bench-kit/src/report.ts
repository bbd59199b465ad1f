import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Comparison } from './compare.ts';
import { machineLine } from './machine.ts';

/** A figure with the bound that it has to keep. */
export interface Figure {
  name: string;
  value: string | number;
  /** As in the promise: `<= 1.45`. */
  bound: string;
  ok: boolean;
}

export interface ReportOptions {
  figures?: Figure[];
  /** Versions of the peers that were measured, e.g. `{ 'lru-cache': '11.5.3' }`. */
  versions?: Record<string, string>;
  /** The file's name beside the bench; default RESULTS.md. */
  file?: string;
}

/** Prints the comparisons and figures, writes them beside the bench, and sets exit code 1 when a bound is broken. */
export function report(benchUrl: string, comparisons: Comparison[], options: ReportOptions = {}): void {
  const { figures = [], versions = {}, file = 'RESULTS.md' } = options;
  const lines = [
    '# Results',
    '',
    machineLine(),
    '',
    ...Object.entries(versions).map(([name, version]) => `- ${name} ${version}`),
    '',
    ...comparisons.flatMap(comparisonLines),
    ...figureLines(figures),
  ];
  const text = `${lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
  console.log(text);
  const path = join(dirname(fileURLToPath(benchUrl)), file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  if (figures.some(({ ok }) => !ok)) process.exitCode = 1;
}

function comparisonLines({ name, baseline, rounds, results }: Comparison): string[] {
  return [
    `## ${name}`,
    '',
    `Median of ${rounds} interleaved rounds; ratio to ${baseline}.`,
    '',
    '| contender | time for an operation | ratio |',
    '|---|---:|---:|',
    ...results
      .toSorted((a, b) => a.ratio - b.ratio)
      .map((result) => `| ${result.name} | ${formatNs(result.nsPerOperation)} | ${result.ratio.toFixed(2)} |`),
    '',
  ];
}

function figureLines(figures: Figure[]): string[] {
  if (figures.length === 0) return [];
  return [
    '## Figures',
    '',
    '| figure | measured | bound | kept |',
    '|---|---:|---:|---|',
    ...figures.map(({ name, value, bound, ok }) => `| ${name} | ${value} | ${bound} | ${ok ? 'yes' : 'NO'} |`),
  ];
}

function formatNs(ns: number): string {
  if (ns < 1_000) return `${ns.toFixed(1)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toFixed(2)} us` : `${(ns / 1e6).toFixed(2)} ms`;
}
