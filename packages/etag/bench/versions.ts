import { readFileSync } from 'node:fs';

/** The versions of the installed peers, for the report. */
export function versions(...names: string[]): Record<string, string> {
  const read = (name: string): string => {
    const text = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  };
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}
