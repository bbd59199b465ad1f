import { readFileSync } from 'node:fs';

/** A chart of the demo's report, as a picture that stands alone. */
export interface ChartPicture {
  readonly title: string;
  readonly svg: string;
}

/** Pixels of a character and of a row, as wide as the letters of most systems. */
const letter = 6.2;
const row = 16;

const style: string = readFileSync(new URL('../.vitepress/theme/chart.css', import.meta.url), 'utf8')
  .replaceAll(/\/\*.*?\*\//gs, '')
  .replaceAll(/\s*\n\s*/g, '');

/** Takes every chart out of a report that the demo wrote with `--html`; `facts` say when and where it was measured. */
export function chartsOfReport(html: string, facts: readonly string[]): ChartPicture[] {
  return [...html.matchAll(/<figure class="chart">(.*?)<\/figure>/gs)].map(([, figure]) => pictureOf(figure!, facts));
}

function pictureOf(figure: string, facts: readonly string[]): ChartPicture {
  const part = (pattern: RegExp): string => {
    const found = pattern.exec(figure)?.[1];
    if (found === undefined) throw new Error(`a chart without ${pattern.source}`);
    return found;
  };
  const title = part(/<figcaption>(.*?)<\/figcaption>/s);
  const [width, height] = part(/<svg viewBox="0 0 ([\d. ]+)" role/)
    .split(' ')
    .map(Number) as [number, number];
  const label = part(/aria-label="([^"]*)"/);
  const body = part(/<svg viewBox="0 0 [\d. ]+" role="img" aria-label="[^"]*">(.*?)<\/svg>/s);
  const legend = legendOf(part(/<ul class="legend">(.*?)<\/ul>/s), width);
  const head = 14 + legend.rows * row + 16;
  const feet = rowsOf(facts, width);
  const whole = head + height + feet.length * row + 4;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="corral-chart" viewBox="0 0 ${width} ${whole}" role="img" aria-label="${label}">`,
    `<style>${style}</style>`,
    `<text class="title" x="0" y="14">${title}</text>`,
    legend.svg,
    `<g transform="translate(0 ${head})">${body}</g>`,
    ...feet.map((text, index) => `<text x="0" y="${head + height + (index + 1) * row - 2}">${text}</text>`),
    '</svg>',
  ].join('');
  return { title, svg: `${svg}\n` };
}

/** Name and pattern of each line, beside each other while there is room. */
function legendOf(list: string, width: number): { svg: string; rows: number } {
  let [left, rows] = [0, 1];
  const entries = [...list.matchAll(/class="(line [\w-]+)".*?<\/svg>(.*?)<\/li>/gs)].map(([, line, name]) => {
    const needed = 32 + name!.length * letter;
    if (left > 0 && left + needed > width) [left, rows] = [0, rows + 1];
    const [at, base] = [left, 18 + rows * row];
    left += needed + 14;
    return `<path class="${line}" d="M${at} ${base - 4}h26"/><text x="${at + 32}" y="${base}">${name}</text>`;
  });
  return { svg: entries.join(''), rows };
}

/** Facts beside each other while there is room. */
function rowsOf(facts: readonly string[], width: number): string[] {
  const rows: string[] = [];
  for (const fact of facts) {
    const joined = rows.length === 0 ? fact : `${rows.at(-1)}, ${fact}`;
    if (rows.length > 0 && joined.length * letter <= width) rows[rows.length - 1] = joined;
    else rows.push(fact);
  }
  return rows;
}
