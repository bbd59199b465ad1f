import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createRepresentation, type Representation } from '@corral/etag';

const folder = new URL('../../dashboard/', import.meta.url);

let loaded: Promise<ReadonlyMap<string, Representation>> | undefined;

/** The page's modules and style sheets by name, ready to send; made once in a process. */
export function loadAssets(): Promise<ReadonlyMap<string, Representation>> {
  loaded ??= makeAssets();
  return loaded;
}

async function makeAssets(): Promise<ReadonlyMap<string, Representation>> {
  const names = readdirSync(folder).filter((name) => /\.(ts|css)$/.test(name) && !name.endsWith('.test.ts'));
  const cacheControl = { noCache: true };
  const entries = names.map(async (name): Promise<[string, Representation]> => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const isStyle = name.endsWith('.css');
    const contentType = `text/${isStyle ? 'css' : 'javascript'}; charset=utf-8`;
    const body = isStyle ? text : stripTypes(text);
    return [name, await createRepresentation(body, { contentType, cacheControl, encodings: ['gzip'] })];
  });
  return new Map(await Promise.all(entries));
}

/** What a browser needs of a module: Node takes the types out, and where they stood spaces remain; those go too. */
const stripTypes = (source: string): string =>
  stripTypeScriptTypes(source)
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{2,}/g, '\n');

/** The style sheet of charts and figures, which the report needs within itself. */
export const readAsset = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

/** The page, with the token that its control requests have to carry. */
export const pageHtml = (token: string): string => readAsset('index.html').replace('%TOKEN%', token);
