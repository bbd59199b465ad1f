import { createChartView, type ChartView } from './chart-view.ts';
import { chartsOf } from './charts.ts';
import { byId, setHtml, setText } from './dom.ts';
import { headlineOf, rowsOf } from './figures.ts';
import { arrows, count, escape, savedPercent } from './format.ts';
import type { ScenarioView, Snapshot } from './snapshot.ts';
import {
  checksHtml,
  codeHtml,
  honestyOf,
  navigationHtml,
  notesHtml,
  replicasHtml,
  rowsHtml,
  sourcesHtml,
  verdictOf,
} from './tables.ts';

const heights: Record<string, number> = { calls: 250, latency: 170, gauges: 170 };

/** Draws one scenario into the page, from what is known and nothing else. */
export function createView(): { draw(view: ScenarioView, snapshot: Snapshot): void } {
  const charts = new Map<string, ChartView>();

  return {
    draw: (view, snapshot) => {
      setHtml(byId('scenarios'), navigationHtml(snapshot, view.id));
      drawText(view, snapshot.running);
      for (const content of chartsOf(view)) {
        const chart = charts.get(content.id) ?? createChartView(byId('charts'), heights[content.id] ?? 170);
        charts.set(content.id, chart);
        chart.draw(content);
      }
      drawTables(view);
      drawCode(view);
    },
  };
}

function drawText(view: ScenarioView, running: string | undefined): void {
  setText(byId('title'), view.title);
  setText(byId('story'), view.story);
  setHtml(byId('sources'), sourcesHtml(view.sources));
  setText(byId('scale'), arrows(view.plan.scale));
  const { title, before, after, bound, saved } = headlineOf(view);
  setText(byId('tile-title'), `${title} before`);
  setText(byId('tile-before'), count(before));
  setText(byId('tile-after'), count(after));
  setText(byId('tile-bound'), bound === undefined ? '' : `(bound ${count(bound)})`);
  setText(byId('tile-saved'), savedPercent(saved));
  setText(byId('honesty'), honestyOf(view));
  setText(byId('status'), verdictOf(view));
  setText(byId('message'), view.messages.at(-1) ?? '');
  byId('chaos-hint').hidden = running === view.id;
}

function drawTables(view: ScenarioView): void {
  const { replicas, verdict, plan } = view;
  const show = (section: string, isShown: boolean): void => void (byId(section).hidden = !isShown);
  const rows = rowsOf(view);
  show('bounds-section', verdict === undefined);
  setHtml(byId('bounds'), plan.bounds.map((bound) => `<li>${escape(bound)}</li>`).join(''));
  show('rows-section', rows.length > 0);
  setHtml(byId('rows'), rowsHtml(rows));
  show('replicas-section', replicas.length > 0);
  setHtml(byId('replicas'), replicasHtml(replicas));
  show('checks-section', verdict !== undefined);
  setHtml(byId('checks'), checksHtml(verdict?.checks ?? [], verdict?.skipped ?? []));
  show('notes-section', (verdict?.notes.length ?? 0) > 0);
  setHtml(byId('notes'), notesHtml(verdict?.notes ?? []));
}

function drawCode({ code }: ScenarioView): void {
  byId('code-section').hidden = code === undefined;
  if (!setHtml(byId('code'), code === undefined ? '' : codeHtml(code))) return;
  for (const figure of byId('code').querySelectorAll('figure')) {
    const text = figure.querySelector('code')?.textContent ?? '';
    const button = document.createElement('button');
    button.className = 'small';
    button.textContent = 'Copy';
    button.ariaLabel = `Copy the code ${figure.querySelector('figcaption')?.firstChild?.textContent?.trim() ?? ''}`;
    button.addEventListener('click', () => {
      void navigator.clipboard.writeText(text).then(
        () => setText(button, 'Copied'),
        () => setText(button, 'Not allowed'),
      );
    });
    figure.append(button);
  }
}
