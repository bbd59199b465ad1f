import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { budgetTable } from './budget-table.ts';
import { type LinkContext, rewriteLinks, sectionOf } from './markdown.ts';
import { titleOf } from './sources.ts';
import { storyFigures } from './story-figures.ts';

export interface DirectiveContext extends LinkContext {
  readonly root: string;
}

/**
 * Replaces the comments of the pages in `docs` that stand for text kept elsewhere:
 * `<!-- section FILE "Heading" -->`, `<!-- example README -->` (its first program), `<!-- code FILE -->`, `<!-- examples -->`,
 * `<!-- story ID -->`, `<!-- budget -->`, `<!-- decisions -->`.
 */
export function expandDirectives(markdown: string, context: DirectiveContext): string {
  return markdown.replaceAll(/^<!-- (\w+)(?: (\S+))?(?: "([^"]+)")? -->$/gm, (whole, name, argument, heading) => {
    const expand = directives[name as string];
    if (expand === undefined) throw new Error(`${context.file}: unknown directive ${whole}`);
    try {
      return expand(context, argument, heading);
    } catch (cause) {
      throw new Error(`${context.file}: ${whole}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  });
}

type Directive = (context: DirectiveContext, argument: string, heading: string) => string;

const directives: Record<string, Directive> = {
  section: (context, file, heading) => {
    const markdown = readFileSync(join(context.root, file), 'utf8');
    return rewriteLinks(sectionOf(markdown, heading), { ...context, file });
  },
  code: ({ root }, file) => {
    const code = readFileSync(join(root, file), 'utf8').trimEnd();
    return `\`\`\`${extname(file).slice(1)}\n${code}\n\`\`\``;
  },
  example: ({ root }, file) => {
    const [, code] = /^```ts\n([\s\S]*?)^```$/m.exec(sectionOf(readFileSync(join(root, file), 'utf8'), 'Use')) ?? [];
    if (code === undefined) throw new Error('no program under "Use"');
    return `\`\`\`ts\n${code}\`\`\``;
  },
  examples: ({ sources }) =>
    sources.some(({ page }) => page === 'examples/index.md')
      ? 'Whole programs, each run in CI: [examples](./examples/index.md).'
      : '',
  story: ({ root }, id) => storyFigures(root, id),
  budget: ({ root }) => budgetTable(root),
  decisions: ({ root, sources }) =>
    sources
      .filter(({ file }) => file.startsWith('docs/decisions/0'))
      .map(({ file }) => {
        const name = file.slice('docs/decisions/'.length);
        const title = titleOf(root, file).replace(/^\d+\.? /, '');
        return `| ${name.slice(0, 4)} | [${title}](./${name}) |`;
      })
      .join('\n'),
};
