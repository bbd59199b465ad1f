import { chartFigure } from '../../dashboard/chart.ts';
import { chartsOf } from '../../dashboard/charts.ts';
import { phaseOf, rowsOf, headlineOf } from '../../dashboard/figures.ts';
import { count, escape, prose, savedPercent, seconds } from '../../dashboard/format.ts';
import type { ScenarioView } from '../../dashboard/snapshot.ts';
import {
  checksHtml,
  codeHtml,
  honestyOf,
  notesHtml,
  rowsHtml,
  sourcesHtml,
  verdictOf,
} from '../../dashboard/tables.ts';
import type { RunResult, ScenarioResult } from '../run/result.ts';
import { readAsset } from '../server/assets.ts';
import { verdictOf as verdictFrom } from '../server/initial-snapshot.ts';

/** The first chart is as wide as the page; the others stand beside each other. */
const wide = { width: 760, height: 230 };
const narrow = { width: 372, height: 190 };

/**
 * One HTML file that needs nothing else: no script, no request, readable on paper. The charts come from the same
 * function as the page's.
 */
export function renderReport(result: RunResult, views: readonly ScenarioView[]): string {
  const { host, versions, git, runId, date, seed } = result;
  const parts = result.scenarios.map((scenario) => section(scenario, views));
  const facts = [
    ['machine', `${host.cores} cores, ${host.processor}, ${host.memoryGiB} GiB, ${host.system}`],
    [
      'versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['commit', git],
    ['run', `${date.slice(0, 16).replace('T', ' ')} UTC, ${runId}, seed ${seed}`],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Corral demo: report</title>
<style>${readAsset('base.css')}${readAsset('report.css')}</style>
</head>
<body>
<header><h1>Corral demo</h1><p class="quiet">Production stories before and after, on real servers, with numbers that the database counted.</p></header>
<main>
${parts.length === 0 ? '<p>Nothing has been run to its end yet.</p>' : summary(result.scenarios)}
${parts.join('\n')}
</main>
<footer><dl>${facts.map(([name, text]) => `<dt>${name}</dt><dd>${escape(text!)}</dd>`).join('')}</dl></footer>
</body>
</html>
`;
}

/** All scenarios at a glance: the first figure of each, and its verdict. */
function summary(scenarios: readonly ScenarioResult[]): string {
  if (scenarios.length < 2) return '';
  const lines = scenarios.map(({ id, status, rows: [row] }) => {
    const style = status === 'reproduced' ? 'good' : status === 'skipped' ? 'skipped' : 'bad';
    return (
      `<tr><th scope="row"><a href="#${escape(id)}">${escape(id)}</a></th><td class="text">${escape(row?.name ?? '')}</td>` +
      `<td>${count(row?.before)}</td><td>${count(row?.after)}</td><td>${count(row?.bound)}</td><td>${savedPercent(row?.reduction)}</td>` +
      `<td class="text"><span class="${style}">${status}</span></td></tr>`
    );
  });
  const heads = ['scenario', 'figure', 'before', 'after', 'bound', 'saved', 'verdict'].map((name) => {
    const isText = name === 'figure' || name === 'verdict';
    return `<th scope="col"${isText ? ' class="text"' : ''}>${name}</th>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="All scenarios"><table class="rows"><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}

function section(result: ScenarioResult, views: readonly ScenarioView[]): string {
  const recorded = views.find(({ id }) => id === result.id);
  if (recorded === undefined) return '';
  const { status, checks, notes, skipped } = result;
  const view: ScenarioView = { ...recorded, verdict: verdictFrom(result) };
  const charts = chartsOf(view).filter(({ series }) => series.some(({ points }) => points.length > 1));
  const { title, before, after, bound, saved } = headlineOf(view);
  const tiles = [
    ['before', `${escape(title)} before`, count(before)],
    ['after', `After${bound === undefined ? '' : ` (bound ${count(bound)})`}`, count(after)],
    ['', 'Saved', savedPercent(saved)],
  ].map(([style, name, value]) => `<div class="${style}"><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<section id="${escape(result.id)}">
<h2>${escape(result.title)}</h2>
<p>${escape(view.story)} <span class="quiet">${sourcesHtml(view.sources)}</span></p>
<p class="status ${status}">${escape(verdictOf(view))}</p>
${before === undefined && after === undefined ? '' : `<dl class="tiles">${tiles.join('')}</dl>`}
<p class="quiet">${prose(result.scale)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Figures of ${escape(result.id)}"><table class="rows">${rowsHtml(rowsOf(view))}</table></div>
<div class="charts">${charts.map((chart, index) => chartFigure({ ...chart, ...(index === 0 ? wide : narrow) })).join('\n')}</div>
<p class="quiet">${escape(honestyOf(view))}</p>
${latencyTable(view)}
<h3>Checks</h3>
<ul class="checks">${checksHtml(checks, skipped)}</ul>
${notes.length === 0 ? '' : `<h3>Limits and notes</h3><ul class="notes">${notesHtml(notes)}</ul>`}
${view.code === undefined ? '' : `<h3>The code that makes the difference</h3><div class="codes">${codeHtml(view.code)}</div>`}
</section>`;
}

function latencyTable(view: ScenarioView): string {
  const phases = ['before', 'after'].flatMap((name) => phaseOf(view, name)?.result ?? []);
  if (phases.length === 0) return '';
  const rows = phases.map(
    ({ name, requests, errors, durationMs, latencyMs: { p50, p90, p99, max } }) =>
      `<tr><th scope="row">${escape(name)}</th><td>${count(requests)}</td><td>${count(errors)}</td><td>${seconds(durationMs)}</td>` +
      [p50, p90, p99, max].map((ms) => `<td>${ms.toFixed(1)}</td>`).join('') +
      '</tr>',
  );
  const heads = ['phase', 'requests', 'errors', 'duration', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms'];
  return `<h3>Latency</h3><div class="scroll" tabindex="0" role="region" aria-label="Latency of ${escape(view.id)}"><table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
