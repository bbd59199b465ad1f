// `npm run docs:dev`: the site at a printed URL; a change of a Markdown file is seen at once.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'vitepress';
import { writeApi } from './api.ts';
import { assemble, clearPages } from './assemble.ts';
import { pagesFolder, root } from './paths.ts';

clearPages(pagesFolder);
assemble(root, pagesFolder);
await writeApi(root, join(pagesFolder, 'api'));
const server = await createServer(join(root, 'docs'), { host: '127.0.0.1' });
await server.listen();
server.printUrls();

const isOurs = (file: string): boolean =>
  /\.(md|json|svg|ts)$/.test(file) && !/(^|\/)(node_modules|dist|\.site)\//.test(file.replaceAll('\\', '/'));
for (const folder of ['docs', 'packages', 'examples']) {
  watch(join(root, folder), { recursive: true }, (_, file) => {
    if (file === null || !isOurs(file)) return;
    try {
      assemble(root, pagesFolder);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  });
}
