// `npm run docs:stories -- <scenario> ...`: runs the stories in the demo and keeps their figures and charts for the site.
// Run it on a quiet machine; what it writes is committed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chartsOfReport } from './chart-svg.ts';
import { root } from './paths.ts';
import type { StoryResult } from './story-figures.ts';

type Run = Pick<StoryResult, 'host' | 'versions'> & {
  scenarios: [StoryResult['scenario'] & { configuration?: unknown }];
};

const results = join(root, 'docs/stories/results');
const demo = ['--disable-warning=ExperimentalWarning', '--conditions=@corral/source', 'apps/demo/src/main.ts'];
const ids = process.argv.slice(2);
if (ids.length === 0) {
  console.error('usage: npm run docs:stories -- <scenario> ...');
  process.exitCode = 64;
}
for (const id of ids) measure(id);

function measure(id: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'corral-story-'));
  const [json, html] = [join(folder, 'run.json'), join(folder, 'run.html')];
  try {
    const options = ['run', id, '--fast', '--json', json, '--html', html];
    const { status } = spawnSync(process.execPath, [...demo, ...options], { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error(`the demo ended with ${status}; nothing was kept`);
    keep(id, JSON.parse(readFileSync(json, 'utf8')) as Run, readFileSync(html, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function keep(id: string, { host, versions, scenarios }: Run, html: string): void {
  const date = new Date().toISOString().slice(0, 10);
  const { configuration: _, ...scenario } = scenarios[0];
  const result: StoryResult = { date, command: `npm run demo -- run ${id} --fast`, host, versions, scenario };
  const facts = [
    date,
    `${host.cores} cores (${host.processor})`,
    `Node ${versions['node']}`,
    `Postgres ${versions['postgres']}`,
    result.command,
  ];
  mkdirSync(results, { recursive: true });
  for (const old of readdirSync(results).filter((name) => name.startsWith(`${id}.`))) rmSync(join(results, old));
  writeFileSync(join(results, `${id}.json`), `${JSON.stringify(result, null, 2)}\n`);
  for (const [index, { svg }] of chartsOfReport(html, facts).entries()) {
    writeFileSync(join(results, `${id}.${index + 1}.svg`), svg);
  }
}
