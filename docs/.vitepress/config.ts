import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { listDoors } from '../site/api.ts';
import { isExample, listSources, packages, titleOf } from '../site/sources.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = listSources(root);

const link = (page: string): string => `/${page.replace(/(?:^|(?<=\/))index\.md$/, '').replace(/\.md$/, '')}`;
const itemOf = ({ file, page }: { file: string; page: string }): DefaultTheme.SidebarItem => ({
  text: titleOf(root, file),
  link: link(page),
});
const page = (name: string, text?: string): DefaultTheme.SidebarItem[] => {
  const source = sources.find((each) => each.page === `${name}.md`);
  return source === undefined ? [] : [text === undefined ? itemOf(source) : { text, link: link(source.page) }];
};

function packageItems(name: string): DefaultTheme.SidebarItem {
  const prefix = `packages/${name}/`;
  const own = sources.filter((source) => source.page.startsWith(prefix) && source.page !== `${prefix}index.md`);
  const benches = own.filter((source) => source.page.startsWith(`${prefix}bench/`));
  const doors = listDoors(root).filter(({ specifier }) => `${specifier}/`.startsWith(`@corral/${name}/`));
  return {
    text: name,
    link: link(`${prefix}index.md`),
    collapsed: true,
    items: [
      ...own.filter((source) => !benches.includes(source)).map(itemOf),
      ...doors.map(({ specifier }) => ({
        text: `Interface: ${specifier.slice('@corral/'.length)}`,
        link: `/api/${specifier.slice('@corral/'.length)}`,
      })),
      ...benches.map(({ page: path }) => ({
        text: `Bench: ${path.slice(`${prefix}bench/`.length, -'.md'.length)}`,
        link: link(path),
      })),
    ],
  };
}

export default defineConfig({
  title: 'Corral',
  description: 'Small npm packages that keep hot reads off the database.',
  lang: 'en',
  srcDir: '.site/pages',
  cacheDir: '.site/cache',
  outDir: 'dist',
  metaChunk: true,
  head: [
    ['link', { rel: 'icon', href: '/mark.svg', type: 'image/svg+xml' }],
    ['meta', { name: 'theme-color', content: '#1462c4' }],
  ],
  markdown: {
    // As on GitHub, so that an anchor works in both places.
    anchor: {
      slugify: (text) =>
        text
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
          .replaceAll(' ', '-'),
    },
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  vite: {
    configFile: false,
    build: { chunkSizeWarningLimit: 2_000 },
  },
  themeConfig: {
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // A guide explains; the interface and the tables of benches come after it.
        miniSearch: {
          searchOptions: { boostDocument: (id: string) => (/^\/api\/|\/bench\//.test(id) ? 0.4 : 1) },
        },
        // Code is found by the words around it; with it, every page would be highlighted a second time for the index.
        _render: (source, env, markdown) => {
          const html = markdown.render(source.replaceAll(/^```[\s\S]*?^```/gm, ''), env);
          return env.frontmatter?.search === false ? '' : html;
        },
      },
    },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Packages', items: packages.map((name) => ({ text: name, link: `/packages/${name}/` })) },
      { text: 'When X is down', link: '/outages' },
      { text: 'Stories', link: '/stories/' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: ['start', 'guarantees', 'recipes', 'examples/index', 'outages', 'observability'].flatMap((name) =>
          page(name),
        ),
      },
      { text: 'Packages', items: packages.map(packageItems) },
      {
        text: 'Five stories',
        items: [
          'stories/index',
          'stories/config-cache',
          'stories/agent-identity',
          'stories/cache-aside',
          'stories/response-cache',
          'stories/ten-thousand-sessions',
          'stories/demo',
        ].flatMap((name) => page(name)),
      },
      {
        text: 'Examples',
        collapsed: true,
        items: sources.filter(({ file }) => isExample(file)).map(itemOf),
      },
      { text: 'Choosing', items: ['comparisons', 'budget', 'migrating'].flatMap((name) => page(name)) },
      {
        text: 'Project',
        items: [
          'architecture',
          'decisions/index',
          'dictionary',
          'timed-runs',
          'contributing',
          'code-of-conduct',
          'security',
        ].flatMap((name) => page(name)),
      },
      {
        text: 'Decisions',
        collapsed: true,
        items: sources
          .filter(({ page: path }) => /^decisions\/\d/.test(path))
          .map((source) => ({ ...itemOf(source), text: titleOf(root, source.file).replace(/^\d+\.? /, '') })),
      },
    ].filter(({ items }) => items.length > 0),
    logo: '/mark.svg',
    footer: { message: 'MIT licence' },
  },
});
