import { chartBody, margin, type ChartSpec } from './chart.ts';
import { legendOf, readingAt, summaryOf, tableOf } from './chart-text.ts';
import type { ChartContent } from './charts.ts';
import { byId, part, setHtml, setText } from './dom.ts';

/** A chart on the page: drawn again with each update, read point by point with the pointer or the arrow keys. */
export interface ChartView {
  draw(content: ChartContent): void;
}

export function createChartView(container: Element, height: number): ChartView {
  const figure = byId('chart', HTMLTemplateElement).content.firstElementChild!.cloneNode(true) as HTMLElement;
  const find = (selector: string): HTMLElement => part(figure, selector, HTMLElement);
  const svg = part(figure, 'svg', SVGSVGElement);
  const scrub = part(figure, '.scrub', HTMLInputElement);
  const table = find('.scroll');
  const log = part(figure, '[data-act=log]', HTMLButtonElement);
  const tabular = part(figure, '[data-act=table]', HTMLButtonElement);
  container.append(figure);

  let content: ChartContent | undefined;
  let cursorMs: number | undefined;
  let width = 600;

  const draw = (): void => {
    if (content === undefined) return;
    const { title, series, spanMs } = content;
    const spec: ChartSpec = { ...content, width, height, isLog: log.ariaPressed === 'true', cursorMs };
    setText(find('figcaption'), title);
    setHtml(find('.legend'), legendOf(series));
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('height', String(height));
    svg.ariaLabel = summaryOf(spec);
    setHtml(svg, chartBody(spec));
    log.ariaLabel = `Log axis: ${title}`;
    tabular.ariaLabel = `As a table: ${title}`;
    table.ariaLabel = `Table: ${title}`;
    scrub.ariaLabel = `Read a point: ${title}`;
    scrub.max = String(Math.ceil(spanMs / 250) * 250);
    if (!table.hidden) setHtml(find('table'), tableOf(spec));
    const reading = cursorMs === undefined ? '' : readingAt(spec, cursorMs);
    setText(find('.reading'), reading);
    scrub.setAttribute('aria-valuetext', reading || 'no point chosen');
  };
  const read = (ms: number | undefined): void => {
    cursorMs = ms;
    if (ms !== undefined) scrub.value = String(ms);
    draw();
  };
  const toggle = (button: HTMLButtonElement): boolean => {
    const isOn = button.ariaPressed !== 'true';
    button.ariaPressed = String(isOn);
    return isOn;
  };

  log.addEventListener('click', () => {
    toggle(log);
    draw();
  });
  tabular.addEventListener('click', () => {
    table.hidden = !toggle(tabular);
    draw();
  });
  scrub.addEventListener('input', () => read(Number(scrub.value)));
  svg.addEventListener('pointermove', ({ clientX }) => {
    const { left, width: shownWidth } = svg.getBoundingClientRect();
    const inner = ((clientX - left) / shownWidth) * width - margin.left;
    read(Math.max(0, Math.min(1, inner / (width - margin.left - margin.right))) * (content?.spanMs ?? 0));
  });
  svg.addEventListener('pointerleave', () => read(undefined));
  new ResizeObserver(() => {
    width = Math.max(240, Math.round(svg.getBoundingClientRect().width));
    draw();
  }).observe(svg);

  return {
    draw: (next) => {
      content = next;
      draw();
    },
  };
}
