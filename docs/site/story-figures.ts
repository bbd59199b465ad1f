import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What `docs/stories/results/<id>.json` holds: one scenario of the demo's own JSON, with day and machine. */
export interface StoryResult {
  readonly date: string;
  readonly command: string;
  readonly host: {
    readonly cores: number;
    readonly processor: string;
    readonly memoryGiB: number;
    readonly system: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly scenario: {
    readonly status: string;
    readonly scale: string;
    readonly rows: readonly Row[];
    readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
    readonly phases: readonly Phase[];
    readonly notes: readonly string[];
  };
}

interface Row {
  readonly name: string;
  readonly before?: number;
  readonly after?: number;
  readonly bound: number;
  readonly reduction?: number;
  readonly source: string;
}

interface Phase {
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
}

const number = (value: number | undefined): string =>
  value === undefined ? '' : Math.round(value).toLocaleString('en');
const cell = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '&#124;').replaceAll('->', '→');

/** Figures and charts of a story's last run; says how to make them where there is none yet. */
export function storyFigures(root: string, id: string): string {
  const folder = join(root, 'docs/stories/results');
  const file = join(folder, `${id}.json`);
  if (!existsSync(file)) {
    return `::: info Not measured here yet\nRun it: \`npm run demo -- run ${id} --fast\`. Figures and charts come with \`npm run docs:stories -- ${id}\`.\n:::`;
  }
  const { date, command, host, versions, scenario } = JSON.parse(readFileSync(file, 'utf8')) as StoryResult;
  const charts = readdirSync(folder)
    .filter((name) => name.startsWith(`${id}.`) && name.endsWith('.svg'))
    .sort()
    .map((name) => inlined(readFileSync(join(folder, name), 'utf8')));
  const machine = `${host.cores} cores (${host.processor}), ${host.memoryGiB} GiB, ${host.system}`;
  const proper: Record<string, string> = { node: 'Node', postgres: 'Postgres', redis: 'Redis' };
  const software = Object.entries(versions)
    .filter(([name]) => !name.startsWith('@corral/'))
    .map(([name, version]) => `${proper[name] ?? name} ${version}`)
    .join(', ');
  return [
    `Measured on ${date} with \`${command}\`: **${scenario.status}**. ${cell(machine)}; ${cell(software)}.`,
    `Scale: ${cell(scenario.scale)}.`,
    table(
      ['counted', 'before', 'after', 'bound', 'saved', 'the source said'],
      ['', ':', ':', ':', ':', ''],
      scenario.rows.map(({ name, before, after, bound, reduction, source }) => [
        cell(name),
        number(before),
        number(after),
        number(bound),
        reduction === undefined ? '' : `${(reduction * 100).toFixed(1)}\u00A0%`,
        cell(source),
      ]),
    ),
    charts.length === 0 ? '' : `<div class="charts" v-pre>${charts.join('')}</div>`,
    latencies(scenario.phases),
    details(
      `${scenario.checks.filter(({ ok }) => ok).length} of ${scenario.checks.length} checks hold`,
      scenario.checks.map(
        ({ name, ok, detail }) => `- ${ok ? 'holds' : '**broken**'}: ${cell(name)} (${cell(detail)})`,
      ),
    ),
    scenario.notes.length === 0
      ? ''
      : `### Limits and notes\n\n${scenario.notes.map((note) => `- ${cell(note)}`).join('\n')}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** In a page the site's style sheet colours a chart, so that it follows the reader's choice of light or dark. */
const inlined = (svg: string): string =>
  `<figure class="chart">${svg.replace(/<style>.*?<\/style>/s, '').trim()}</figure>`;

function table(heads: readonly string[], align: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(align.map((side) => `---${side}`)), ...rows.map(line)].join('\n');
}

function latencies(phases: readonly Phase[]): string {
  const shown = phases.filter(({ name }) => name === 'before' || name === 'after');
  if (shown.length === 0) return '';
  return table(
    ['phase', 'requests', 'errors', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms'],
    ['', ':', ':', ':', ':', ':', ':'],
    shown.map(({ name, requests, errors, latencyMs: { p50, p90, p99, max } }) => [
      name,
      number(requests),
      number(errors),
      ...[p50, p90, p99, max].map((ms) => ms.toFixed(1)),
    ]),
  );
}

const details = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `::: details ${title}\n${lines.join('\n')}\n:::`;
