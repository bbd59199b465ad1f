import { expect, it } from 'vitest';
import { scenarios } from '../scenarios/index.ts';
import { readExcerpt } from './excerpt.ts';

it('shows a function as it stands in our source, from its name to its end', () => {
  const { text } = readExcerpt({ file: 'scenarios/config-cache/config-source.ts', name: 'configFromDatabase' });

  expect(text).toMatch(/^export function configFromDatabase\(/);
  expect(text).toMatch(/\n\}$/);
});

it('goes on to the end of a function whose parameters take several lines', () => {
  const { text } = readExcerpt({ file: 'scenarios/config-cache/config-cache.ts', name: 'cachedConfig' });

  expect(text).toContain('\n): ConfigCache {\n');
  expect(text).toMatch(/\n\}$/);
});

it('finds the code of every scenario', () => {
  const excerpts = scenarios.flatMap(({ code }) => (code === undefined ? [] : [code.before, code.after]));

  expect(excerpts.map(readExcerpt).every(({ text }) => text.length > 20)).toBe(true);
});

it('fails for a name that is not there', () => {
  expect(() => readExcerpt({ file: 'main.ts', name: 'nothing' })).toThrow('main.ts declares no nothing');
});
