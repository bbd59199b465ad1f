import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expandDirectives } from './directives.ts';
import { escapeForVue, rewriteLinks } from './markdown.ts';
import { isExample, listSources, type Source, titleOf } from './sources.ts';

/** Writes every page into `folder`, from the files that hold its text. */
export function assemble(root: string, folder: string): readonly Source[] {
  const sources = listSources(root);
  const pages = new Map(sources.map((source) => [source.page, pageText(root, source, sources)]));
  const publicFolder = join(root, 'docs/public');
  if (existsSync(publicFolder)) cpSync(publicFolder, join(folder, 'public'), { recursive: true });
  for (const [page, text] of pages) writeIfChanged(join(folder, page), text);
  return sources;
}

function pageText(root: string, { file, page }: Source, sources: readonly Source[]): string {
  const exists = (path: string): boolean => existsSync(join(root, path));
  const context = { root, sources, file, page, exists };
  if (isExample(file)) return examplePage(root, file);
  const linked = rewriteLinks(readFileSync(join(root, file), 'utf8'), context);
  const text = file.startsWith('docs/') ? expandDirectives(linked, context) : linked;
  return escapeForVue(text);
}

/** Every TypeScript file of the example, the one that is started first. */
function examplePage(root: string, folder: string): string {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules/'))
    .sort((one, other) => Number(other === 'main.ts') - Number(one === 'main.ts'));
  const parts = files.map(
    (file) => `## ${file}\n\n\`\`\`ts\n${readFileSync(join(root, folder, file), 'utf8').trimEnd()}\n\`\`\``,
  );
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const install = `\`\`\`sh\nnpm install ${Object.keys(dependencies).join(' ')}\n\`\`\``;
  return [`# ${titleOf(root, folder)}`, `Run in CI; [all examples](./index.md).`, install, ...parts, ''].join('\n\n');
}

/** An unchanged page is left alone, so that the development server renews only what changed. */
function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Forgets the pages of an earlier build. */
export function clearPages(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
