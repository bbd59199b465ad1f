/** A chart of the demo's report, as a picture that stands alone. */
export interface ChartPicture {
  readonly title: string;
  readonly svg: string;
}

const headHeight = 46;
const footHeight = 22;

/** The colours of the demo's own pages, unless the page that holds the picture sets the variables. */
export const chartStyle: string = [
  '.corral-chart{--c-ink:var(--chart-ink,#1b1d22);--c-quiet:var(--chart-quiet,#585d68);--c-rule:var(--chart-rule,#e2e2de);',
  '--c-before:var(--chart-before,#b0500a);--c-before-2:var(--chart-before-2,#a8741a);--c-after:var(--chart-after,#1462c4);',
  '--c-after-2:var(--chart-after-2,#12857a);--c-ground:var(--chart-ground,#fff);background:var(--c-ground);',
  'font:11px system-ui,sans-serif}',
  '@media(prefers-color-scheme:dark){.corral-chart{--c-ink:var(--chart-ink,#e9eaed);--c-quiet:var(--chart-quiet,#a3a9b5);',
  '--c-rule:var(--chart-rule,#2b2f37);--c-before:var(--chart-before,#f2a65f);--c-before-2:var(--chart-before-2,#d6b56c);',
  '--c-after:var(--chart-after,#72b4ff);--c-after-2:var(--chart-after-2,#5ccfbe);--c-ground:var(--chart-ground,#1a1d23)}}',
  '.corral-chart text{fill:var(--c-quiet)}.corral-chart .title{font-size:14px;font-weight:600}',
  '.corral-chart .title,.corral-chart .flag{fill:var(--c-ink)}',
  '.corral-chart .flag{paint-order:stroke;stroke:var(--c-ground);stroke-width:3px}',
  '.corral-chart .grid{stroke:var(--c-rule);fill:none}.corral-chart .marker{stroke:var(--c-quiet);stroke-dasharray:2 3;fill:none}',
  '.corral-chart .line{fill:none;stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round}',
  '.corral-chart .line.before{stroke:var(--c-before);stroke-dasharray:6 4}.corral-chart .line.after{stroke:var(--c-after)}',
  '.corral-chart .line.before-2{stroke:var(--c-before-2);stroke-dasharray:1.5 4}',
  '.corral-chart .line.after-2{stroke:var(--c-after-2);stroke-dasharray:9 4 2 4}',
  '.corral-chart .area{stroke:none;opacity:.09}.corral-chart .area.before{fill:var(--c-before)}',
  '.corral-chart .area.after{fill:var(--c-after)}',
].join('');

/** Takes every chart out of a report that the demo wrote with `--html`; `foot` says when and where it was measured. */
export function chartsOfReport(html: string, foot: string): ChartPicture[] {
  return [...html.matchAll(/<figure class="chart">(.*?)<\/figure>/gs)].map(([, figure]) => pictureOf(figure!, foot));
}

function pictureOf(figure: string, foot: string): ChartPicture {
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
  const whole = height + headHeight + footHeight;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="corral-chart" viewBox="0 0 ${width} ${whole}" role="img" aria-label="${label}">`,
    `<style>${chartStyle}</style>`,
    `<text class="title" x="0" y="14">${title}</text>`,
    legendOf(part(/<ul class="legend">(.*?)<\/ul>/s)),
    `<g transform="translate(0 ${headHeight})">${body}</g>`,
    `<text x="0" y="${whole - 5}">${foot}</text>`,
    '</svg>',
  ].join('');
  return { title, svg: `${svg}\n` };
}

/** Name and pattern of each line, beside each other. */
function legendOf(list: string): string {
  let left = 0;
  return [...list.matchAll(/class="(line [\w-]+)".*?<\/svg>(.*?)<\/li>/gs)]
    .map(([, line, name]) => {
      const at = left;
      left += 44 + name!.length * 6.2;
      return `<path class="${line}" d="M${at} 30h26"/><text x="${at + 32}" y="34">${name}</text>`;
    })
    .join('');
}
