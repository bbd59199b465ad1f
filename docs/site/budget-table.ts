import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one package weighs: `npm run budget` measures it. */
export interface Weight {
  readonly name: string;
  readonly version: string;
  readonly installKb: number;
  readonly gzipKb: number;
  readonly dependencies: number;
}

export interface Budget {
  readonly date: string;
  readonly rows: readonly { readonly own: Weight; readonly peers: readonly Weight[] }[];
}

const begin = '<!-- budget: written by `npm run budget` -->';
const end = '<!-- budget: end -->';

const line = (title: string, { installKb, gzipKb, dependencies }: Weight): string =>
  `| ${title} | ${installKb.toLocaleString('en')} kB | ${gzipKb} kB | ${dependencies} |`;

/** Each package, and below it its closest peers. */
function tableOf({ rows }: Budget): string {
  const lines = rows.flatMap(({ own, peers }) => [
    line(`**\`${own.name}\`**`, own),
    ...peers.map((peer) => line(`${peer.name} ${peer.version}`, peer)),
  ]);
  return ['| | installed | min + gzip | dependencies |', '|---|---:|---:|---:|', ...lines].join('\n');
}

/** The README with the table in its place. @throws {Error} The place is not there. */
export function readmeWithBudget(readme: string, budget: Budget): string {
  const [before, rest] = readme.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`README.md: no place for the budget between ${begin} and ${end}`);
  return `${before}${begin}\n${tableOf(budget)}\n${end}${after}`;
}

/** The table of `docs/budget.json`. @throws {Error} The README shows other figures. */
export function budgetTable(root: string): string {
  const budget = JSON.parse(readFileSync(join(root, 'docs/budget.json'), 'utf8')) as Budget;
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  if (readmeWithBudget(readme, budget) !== readme)
    throw new Error('README.md shows other figures: run "npm run budget"');
  return `Measured on ${budget.date} with \`npm run budget\`.\n\n${tableOf(budget)}`;
}
