import { posix } from 'node:path';
import type { Source } from './sources.ts';

/** Applies `change` to what stands outside of fenced code. */
export function outsideFences(markdown: string, change: (text: string) => string): string {
  return markdown
    .split(/^(```[^\n]*\n[\s\S]*?^```[^\n]*$)/m)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');
}

/**
 * What stands under a heading of any level, up to the next heading of that level or a higher one.
 * @throws {Error} There is no such heading.
 */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const fenced = fencedLines(lines);
  const levelAt = (index: number): number => (fenced.has(index) ? 0 : (/^(#+) /.exec(lines[index]!)?.[1]?.length ?? 0));
  const start = lines.findIndex((line, index) => levelAt(index) > 0 && line.replace(/^#+ /, '').trim() === heading);
  if (start === -1) throw new Error(`no heading "${heading}"`);
  const level = levelAt(start);
  const end = lines.findIndex((_, index) => index > start && levelAt(index) > 0 && levelAt(index) <= level);
  return lines
    .slice(start + 1, end === -1 ? undefined : end)
    .join('\n')
    .trim();
}

function fencedLines(lines: readonly string[]): Set<number> {
  const fenced = new Set<number>();
  let inside = false;
  for (const [index, line] of lines.entries()) {
    const isFence = line.startsWith('```');
    if (inside || isFence) fenced.add(index);
    if (isFence) inside = !inside;
  }
  return fenced;
}

/** Where a link of the repository leads on the site. */
export interface LinkContext {
  readonly sources: readonly Source[];
  /** The file that the text comes from. */
  readonly file: string;
  /** The page that the text goes to. */
  readonly page: string;
  /** Is there such a file or folder in the repository? */
  exists(file: string): boolean;
}

/**
 * Turns links between files into links between pages. `bench/RESULTS.md` in a README's code becomes a link too; a link to
 * a file that is no page, such as code, becomes its text.
 * @throws {Error} A link leads to nothing.
 */
export function rewriteLinks(markdown: string, context: LinkContext): string {
  return outsideFences(markdown, (text) =>
    text
      .replaceAll(
        /\[([^\]\n]*(?:\n[^\]\n]*)?)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)/g,
        (_, words: string, path: string, anchor = '') => {
          const page = pageOf(path, context);
          if (page !== undefined) return `[${words}](${relative(context.page, page)}${anchor})`;
          if (context.exists(fileOf(path, context))) return words;
          throw new Error(`${context.file}: dead link ${path}`);
        },
      )
      .replaceAll(/(?<![[`])`((?:[\w.-]+\/)+[\w.-]+\.md)`(?!\])/g, (code: string, path: string) => {
        const page = pageOf(path, context);
        return page === undefined ? code : `[${code}](${relative(context.page, page)})`;
      }),
  );
}

const fileOf = (path: string, { file }: LinkContext): string =>
  posix.join(posix.dirname(file), path).replace(/\/$/, '');

function pageOf(path: string, context: LinkContext): string | undefined {
  const { sources } = context;
  const target = fileOf(path, context);
  if (target === 'README.md' || target === '.') return 'index.md';
  return (
    sources.find((source) => source.file === target || source.file === `${target}/README.md`)?.page ??
    (sources.some((source) => source.page === `${target.replace(/^docs\//, '')}/index.md`)
      ? `${target.replace(/^docs\//, '')}/index.md`
      : undefined)
  );
}

function relative(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Vue reads `{{` as the start of an expression; in our texts it is text. */
export const escapeForVue = (markdown: string): string =>
  outsideFences(markdown, (text) => text.replaceAll('{{', '&#123;&#123;'));
