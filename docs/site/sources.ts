import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The packages in the order in which a reader meets them. */
export const packages = ['singleflight', 'ttl-cache', 'etag', 'rate-limit', 'pubsub-invalidate', 'db-pool'] as const;

/** A Markdown file of the repository, or an example's folder, and the page that it becomes: paths with `/`, from the root of each. */
export interface Source {
  readonly file: string;
  readonly page: string;
}

/** All Markdown that is on the site. Nothing is written twice: a package's README is its page. */
export function listSources(root: string): Source[] {
  const markdownIn = (folder: string): string[] =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).filter((name) => name.endsWith('.md')) : [];
  const ofFolder = (folder: string, pages: string): Source[] =>
    markdownIn(folder).map((name) => ({ file: `${folder}/${name}`, page: `${pages}${name}` }));

  const ofPackages = packages.flatMap((name) => {
    const folder = `packages/${name}`;
    return [
      { file: `${folder}/README.md`, page: `${folder}/index.md` },
      { file: `${folder}/CHANGELOG.md`, page: `${folder}/changelog.md` },
      { file: `${folder}/tests/vectors/README.md`, page: `${folder}/vectors.md` },
      ...ofFolder(`${folder}/docs`, `${folder}/`),
      ...ofFolder(`${folder}/bench`, `${folder}/bench/`),
    ];
  });
  const single = [
    { file: 'CONTRIBUTING.md', page: 'contributing.md' },
    { file: 'SECURITY.md', page: 'security.md' },
    { file: 'CODE_OF_CONDUCT.md', page: 'code-of-conduct.md' },
    { file: 'apps/demo/README.md', page: 'stories/demo.md' },
    { file: 'examples/README.md', page: 'examples/index.md' },
    ...foldersIn(root, 'examples').map((name) => ({ file: `examples/${name}`, page: `examples/${name}.md` })),
  ];
  return [
    ...ofFolder('docs', ''),
    ...ofFolder('docs/stories', 'stories/'),
    ...ofFolder('docs/decisions', 'decisions/'),
    ...ofPackages,
    ...single,
  ].filter(({ file }) => existsSync(join(root, file)));
}

const foldersIn = (root: string, folder: string): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? entry.name : [],
      )
    : [];

/** An example's page is its code. */
export const isExample = (file: string): boolean => file.startsWith('examples/') && !file.endsWith('.md');

/** The text of a page's first heading. */
export function titleOf(root: string, file: string): string {
  if (isExample(file)) return file.slice('examples/'.length);
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(root, file), 'utf8')) ?? [];
  if (title === undefined) throw new Error(`${file}: no "# " heading`);
  return title.trim();
}
