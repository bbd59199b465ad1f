import { type HeaderSource, isHeaders } from './header-source.ts';

/**
 * Fields of a 200 that its 304 does not carry: they describe content that is not there, and caches would take them over.
 * Everything else stays (CORS, `Vary`, `Cache-Control`, cookies, security). `last-modified` goes too where there is an `etag`.
 * @see RFC 9110 §15.4.5, §8.6
 */
export const notModifiedStrip: readonly string[] = Object.freeze([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'content-digest',
  'transfer-encoding',
  'trailer',
]);

const stripped = new Set(notModifiedStrip);

/**
 * The fields of the 304 that stands for a 200 with `headers`. Names come back in lower case; a field on several lines
 * becomes one, except several `set-cookie`, which one text cannot hold and which are left out.
 */
export function notModifiedHeaders(
  headers: HeaderSource | Readonly<Record<string, string | number | readonly string[] | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of entriesOf(headers)) if (!stripped.has(name)) kept[name] = value;
  if (kept.etag !== undefined) delete kept['last-modified'];
  return kept;
}

function entriesOf(headers: Parameters<typeof notModifiedHeaders>[0]): [string, string][] {
  const entries: [string, string][] = [];
  const add = (name: string, value: string | number | readonly string[] | undefined | null): void => {
    if (value === undefined || value === null) return;
    const lower = name.toLowerCase();
    if (!Array.isArray(value)) entries.push([lower, String(value)]);
    else if (value.length === 1 || (value.length > 1 && lower !== 'set-cookie'))
      entries.push([lower, value.join(', ')]);
  };
  if (isHeaders(headers as HeaderSource)) {
    const cookies: string[] = [];
    (headers as Headers).forEach((value, name) => (name === 'set-cookie' ? cookies.push(value) : add(name, value)));
    add('set-cookie', cookies);
  } else {
    for (const [name, value] of Object.entries(headers as Record<string, string>)) add(name, value);
  }
  return entries;
}
