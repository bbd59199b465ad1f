import { readFileSync } from 'node:fs';
import type { CodeView } from '../../dashboard/snapshot.ts';
import type { Excerpt } from '../run/live.ts';

const sources = new URL('../', import.meta.url);

/**
 * The text of a function or constant as it stands in our own source: what the page shows is what ran.
 * @throws {Error} The file has no such top-level declaration.
 */
export function readExcerpt({ file, name }: Excerpt): CodeView {
  const lines = readFileSync(new URL(file, sources), 'utf8').split('\n');
  const declaration = new RegExp(String.raw`^export (async )?(function|const) ${name}\b`);
  const start = lines.findIndex((line) => declaration.test(line));
  if (start === -1) throw new Error(`${file} declares no ${name}`);
  const end = lines.findIndex(
    (line, index) => index >= start && /^[})\]]|^\S.*;$/.test(line) && !/\($|^\).*\{$/.test(line),
  );
  return { file, text: lines.slice(start, end + 1).join('\n') };
}
