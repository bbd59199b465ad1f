import { closingQuote, openingQuote } from './entity-tag.ts';

/** What `If-Match` or `If-None-Match` says. */
export interface EtagList {
  /** The field is `*`. */
  readonly any: boolean;
  /** The tags in order, up to the first error. `opaque` is what stands between the quotes. */
  readonly tags: readonly { readonly weak: boolean; readonly opaque: string }[];
  /** The field breaks the grammar; what stands before the error is in `tags`. */
  readonly malformed: boolean;
}

/**
 * Parses the value of `If-Match` or `If-None-Match`: `"*" / #entity-tag`. Stops at the first error and keeps the members
 * before it; empty members are skipped, a comma inside quotes separates nothing. Never throws; linear.
 * @see RFC 9110 §13.1.1, §13.1.2, §5.6.1
 */
export function parseEtagList(field: string): EtagList {
  const tags: { weak: boolean; opaque: string }[] = [];
  if (typeof field !== 'string') return { any: false, tags, malformed: true };
  if (isAny(field)) return { any: true, tags, malformed: false };
  let index = nextMember(field, 0);
  while (index < field.length) {
    const quote = openingQuote(field, index);
    const close = quote === -1 ? -1 : closingQuote(field, quote);
    const end = close === -1 ? -1 : endOfMember(field, close + 1);
    if (end === -1) return { any: false, tags, malformed: true };
    tags.push({ weak: quote !== index, opaque: field.slice(quote + 1, close) });
    index = nextMember(field, end);
  }
  return { any: false, tags, malformed: false };
}

/**
 * True if `field` (`If-Match`, `If-None-Match`) names `etag` before its first error, by weak or strong comparison.
 * `*` names whatever exists. Nothing matches a missing field or, except for `*`, a missing or malformed tag.
 * Never throws, allocates nothing, linear.
 * @see RFC 9110 §8.8.3.2
 */
export function matchEtagList(field: string | undefined, etag: string | undefined, mode: 'weak' | 'strong'): boolean {
  if (typeof field !== 'string') return false;
  if (isAny(field)) return true;
  if (typeof etag !== 'string') return false;
  const opaque = openingQuote(etag, 0);
  if (opaque === -1 || (mode === 'strong' && opaque !== 0)) return false;
  const length = etag.length - opaque;

  let index = nextMember(field, 0);
  while (index < field.length) {
    const quote = openingQuote(field, index);
    if (quote === -1) return false;
    const close = closingQuote(field, quote);
    if (close === -1) return false;
    const end = endOfMember(field, close + 1);
    if (end === -1) return false;
    const comparable = close + 1 - quote === length && (mode === 'weak' || quote === index);
    if (comparable && sameText(field, quote, etag, opaque, length)) return true;
    index = nextMember(field, end);
  }
  return false;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/** `*` counts only as the whole value. */
function isAny(field: string): boolean {
  if (field === '*') return true;
  let index = 0;
  while (isSpace(field.charCodeAt(index))) index++;
  return field.charCodeAt(index) === 0x2a && skipSpace(field, index + 1) === field.length;
}

function skipSpace(field: string, start: number): number {
  let index = start;
  while (isSpace(field.charCodeAt(index))) index++;
  return index;
}

/** Skips white space and empty members: the start of the next member, or the end. */
function nextMember(field: string, start: number): number {
  let index = start;
  for (;;) {
    const code = field.charCodeAt(index);
    if (code !== 0x2c && !isSpace(code)) return index;
    index++;
  }
}

/** After a tag only white space and then a comma or the end may come: their index, or -1. */
function endOfMember(field: string, start: number): number {
  const index = skipSpace(field, start);
  return index === field.length || field.charCodeAt(index) === 0x2c ? index : -1;
}

function sameText(a: string, aStart: number, b: string, bStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (a.charCodeAt(aStart + index) !== b.charCodeAt(bStart + index)) return false;
  }
  return true;
}
