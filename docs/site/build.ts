// `npm run docs:build`: puts the pages together, builds the site, and checks what came out. Needs no network.
import { join } from 'node:path';
import { build } from 'vitepress';
import { writeApi } from './api.ts';
import { assemble, clearPages } from './assemble.ts';
import { checkSite } from './check-site.ts';
import { pagesFolder, root, siteFolder } from './paths.ts';

const started = performance.now();
const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(1)} s`;

clearPages(pagesFolder);
const sources = assemble(root, pagesFolder);
await writeApi(root, join(pagesFolder, 'api'));
console.log(`${sources.length} pages and the interface put together after ${seconds()}`);
await build(join(root, 'docs'));
const { pages, links, problems } = checkSite(siteFolder);
for (const problem of problems) console.error(`FAILED ${problem}`);
console.log(`${pages} pages, ${links} links, ${problems.length} problems, ${seconds()}`);
process.exitCode = problems.length === 0 ? 0 : 1;
