import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Application } from 'typedoc';
import { load as markdown } from 'typedoc-plugin-markdown';
import { packages } from './sources.ts';

interface Door {
  readonly specifier: string;
  readonly file: string;
}

/** Every way into a package, with the source file behind it. */
export function listDoors(root: string): Door[] {
  return packages.flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
      exports: Record<string, string | { '@corral/source': string }>;
    };
    return Object.entries(exports).flatMap(([door, target]) =>
      typeof target === 'string'
        ? []
        : [
            {
              specifier: `@corral/${name}${door.slice(1)}`,
              file: join(root, 'packages', name, target['@corral/source']),
            },
          ],
    );
  });
}

/** Writes one page for each door, from the doc comments. */
export async function writeApi(root: string, folder: string): Promise<void> {
  const doors = listDoors(root);
  const app = await Application.bootstrapWithPlugins({
    entryPoints: doors.map(({ file }) => file),
    tsconfig: join(root, 'tsconfig.packages.json'),
    basePath: root,
    plugin: [markdown],
    // What TypeDoc writes without an output of its own goes to "docs", which it empties first: always name one.
    out: folder,
    outputs: [{ name: 'markdown', path: folder }],
    readme: 'none',
    disableSources: true,
    githubPages: false,
    skipErrorChecking: true,
    excludeExternals: true,
    logLevel: 'Error',
    ...({
      outputFileStrategy: 'modules',
      entryFileName: 'index',
      hidePageHeader: true,
      hideBreadcrumbs: true,
      useCodeBlocks: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      sanitizeComments: true,
    } as object),
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc: the sources do not compile');
  for (const module of project.children ?? []) {
    const file = module.sources?.[0]?.fullFileName;
    const door = doors.find(
      (each) =>
        each.file === file ||
        relative(root, each.file).startsWith(`${module.name}.`) ||
        relative(root, each.file) === `${module.name}/index.ts`,
    );
    if (door === undefined) throw new Error(`typedoc: no door for ${module.name}`);
    module.name = door.specifier.slice('@corral/'.length);
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('typedoc: see above');
  for (const page of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (page.endsWith('.md')) writeFileSync(join(folder, page), tidied(readFileSync(join(folder, page), 'utf8')));
  }
}

/** TypeDoc numbers some anchors that the page has only once; and a page should name its package in full. */
function tidied(markdown: string): string {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text]) => slug(text!));
  return markdown
    .replace(/^# (.+)$/m, (_, name: string) => (name === 'corral' ? '# Interfaces' : `# @corral/${name}`))
    .replaceAll(/\]\(#([\w-]+)-\d+\)/g, (link: string, anchor: string) =>
      headings.filter((heading) => heading === anchor).length === 1 ? `](#${anchor})` : link,
    );
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
