import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface SiteReport {
  readonly pages: number;
  readonly links: number;
  readonly problems: readonly string[];
}

/** Looks at the built files: every link inside leads to a page and an anchor that exist, and no page loads anything from outside. */
export function checkSite(folder: string): SiteReport {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const pages = new Map(files.filter((file) => file.endsWith('.html')).map((file) => [file, read(file)]));
  const anchors = new Map([...pages].map(([file, html]) => [file, new Set(matches(html, /\sid="([^"]*)"/g))]));
  const problems: string[] = [];
  let links = 0;

  for (const [file, html] of pages) {
    for (const href of new Set(matches(html, /<a\b[^>]*?\shref="([^"]*)"/g))) {
      links++;
      const problem = problemOfLink(file, href, files, anchors);
      if (problem !== undefined) problems.push(`${file}: ${href}: ${problem}`);
    }
    for (const address of loadedBy(html)) problems.push(`${file}: loads ${address}`);
  }
  for (const file of files.filter((name) => name.endsWith('.css'))) {
    for (const address of matches(read(file), /(?:url\(\s*["']?|@import\s+["'])((?:https?:)?\/\/[^"')]+)/g)) {
      problems.push(`${file}: loads ${address}`);
    }
  }
  return { pages: pages.size, links, problems };
}

const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

/** Addresses of other hosts that a browser asks by itself: not those of links that a reader may follow. */
const loadedBy = (html: string): string[] =>
  matches(
    html,
    /<(?:link|script|img|iframe|source|object|video|audio)\b[^>]*?\s(?:href|src|srcset|data)="((?:https?:)?\/\/[^"]+)"/g,
  );

function problemOfLink(
  file: string,
  href: string,
  files: readonly string[],
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (/^[a-z]+:/.test(href)) return href.startsWith('http:') ? 'not https' : undefined;
  const [path = '', anchor = ''] = href.split('#');
  const target = path === '' ? file : path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(file), path);
  const page = target === '' || target.endsWith('/') ? `${target}index.html` : target;
  if (!files.includes(page)) return 'no such page';
  if (anchor === '' || !page.endsWith('.html')) return undefined;
  return anchors.get(page)!.has(decodeURIComponent(anchor)) ? undefined : 'no such anchor';
}
