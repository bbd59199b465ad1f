import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { chartsOfReport } from '../site/chart-svg.ts';
import { checkSite } from '../site/check-site.ts';
import { escapeForVue, rewriteLinks, sectionOf } from '../site/markdown.ts';
import { root } from '../site/paths.ts';

describe('links between files', () => {
  const sources = [
    { file: 'packages/etag/README.md', page: 'packages/etag/index.md' },
    { file: 'packages/etag/docs/recipes.md', page: 'packages/etag/recipes.md' },
    { file: 'packages/ttl-cache/README.md', page: 'packages/ttl-cache/index.md' },
  ];
  const from = {
    sources,
    file: 'packages/etag/README.md',
    page: 'guarantees.md',
    exists: (file: string) => file === 'packages/etag/src/index.ts',
  };

  it('become links between pages, wherever the text is shown', () => {
    expect(rewriteLinks('[r](docs/recipes.md#hono), [t](../ttl-cache)', from)).toBe(
      '[r](./packages/etag/recipes.md#hono), [t](./packages/ttl-cache/index.md)',
    );
  });

  it('are made of the names of files in code, where the file is a page', () => {
    expect(rewriteLinks('see `docs/recipes.md`, not `docs/none.md`', from)).toBe(
      'see [`docs/recipes.md`](./packages/etag/recipes.md), not `docs/none.md`',
    );
  });

  it('are only their words where they lead to code', () => {
    expect(rewriteLinks('see [the `core`](src/index.ts)', from)).toBe('see the `core`');
  });

  it('fail where they lead to nothing', () => {
    expect(() => rewriteLinks('[r](docs/none.md)', from)).toThrow('packages/etag/README.md: dead link docs/none.md');
  });

  it('are left alone in code, to other sites, and within the page', () => {
    const text = '```md\n[r](docs/none.md)\n```\n[a](https://example.com) [b](#use)';
    expect(rewriteLinks(text, from)).toBe(text);
  });
});

it('a section ends at the next heading of its level, and code has no headings', () => {
  const text = '# A\n\n## One\n\ntext\n\n```sh\n## no heading\n```\n\n### Inner\n\nmore\n\n## Two\n';

  expect(sectionOf(text, 'One')).toBe('text\n\n```sh\n## no heading\n```\n\n### Inner\n\nmore');
  expect(() => sectionOf(text, 'no heading')).toThrow('no heading "no heading"');
});

it('braces outside of code are text for Vue', () => {
  expect(escapeForVue('a {{ b }}\n```\n{{ c }}\n```')).toBe('a &#123;&#123; b }}\n```\n{{ c }}\n```');
});

describe('the check of the built site', () => {
  const folder = mkdtempSync(join(tmpdir(), 'corral-site-'));
  const site = (files: Record<string, string>): readonly string[] => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return checkSite(folder).problems;
  };
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('finds dead pages and dead anchors', () => {
    expect(
      site({
        'index.html':
          '<h1 id="top"></h1><a href="/b/c.html#there">1</a><a href="/b/c.html#gone">2</a><a href="none">3</a>',
        'b/c.html':
          '<h2 id="there"></h2><a class="x" href="../index.html#top">4</a><a href="https://example.com/x">5</a>',
      }),
    ).toEqual(['index.html: /b/c.html#gone: no such anchor', 'index.html: none: no such page']);
  });

  it('finds what would be loaded from outside', () => {
    expect(
      site({
        'index.html':
          '<script src="https://example.com/a.js"></script><img src="//example.com/b.png"><img src="/c.png">',
        'style.css': '@font-face{src:url(https://example.com/f.woff2)} a{background:url(/d.png)}',
      }),
    ).toEqual([
      'index.html: loads https://example.com/a.js',
      'index.html: loads //example.com/b.png',
      'style.css: loads https://example.com/f.woff2',
    ]);
  });
});

it('a chart of a report stands alone, with title, legend, day and machine', () => {
  const [chart] = chartsOfReport(
    '<figure class="chart"><figcaption>Calls</figcaption><ul class="legend"><li><svg viewBox="0 0 28 8"><path class="line before" d="M1 4H27"/></svg>before</li></ul>' +
      '<svg viewBox="0 0 760 230" role="img" aria-label="Calls. before: highest 3"><path class="line before" d="M0 0"/></svg><details></details></figure>',
    ['2026-11-21', '2 cores'],
  );

  expect(chart!.title).toBe('Calls');
  expect(chart!.svg).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]* viewBox="0 0 760 296" [^>]*role="img" aria-label="Calls\./,
  );
  expect(chart!.svg).toContain('>before</text>');
  expect(chart!.svg).toContain('>2026-11-21, 2 cores</text>');
});

it('each test that the table of outages names is there', () => {
  const page = readFileSync(new URL('../outages.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\|[^|]*\| ([\w-]+)[^|]* \|.*\| `([\w-]+)` \|$/gm)];
  const folders = (name: string): string[] =>
    [`packages/${name}/tests`, `packages/${name}/src`, 'apps/demo/tests'].filter((folder) =>
      existsSync(join(root, folder)),
    );

  expect(rows.length).toBeGreaterThan(40);
  for (const [, name, test] of rows) {
    const found = folders(name!).flatMap((folder) =>
      readdirSync(join(root, folder)).filter((file) =>
        new RegExp(`^${test}(\\.integration)?(\\.test)?\\.ts$`).test(file),
      ),
    );
    expect([name, test, found.length > 0]).toEqual([name, test, true]);
  }
});
