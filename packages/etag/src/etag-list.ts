import { closingQuote, isEntityTag, openingQuote } from './entity-tag.ts';

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
 * Never throws, linear; allocates nothing for a strong tag or a field that is the very tag.
 * @see RFC 9110 §8.8.3.2
 */
export function matchEtagList(field: string | undefined, etag: string | undefined, mode: 'weak' | 'strong'): boolean {
  if (typeof field !== 'string') return false;
  // One tag, as we sent it: nearly all requests. A weak one is equal to itself by weak comparison only.
  if (field === etag && isWellFormed(etag)) return mode === 'weak' || etag.charCodeAt(0) === 0x22;
  if (isAny(field)) return true;
  // What is no tag must not be looked for: as text, a list or half a tag may well stand there.
  if (typeof etag !== 'string' || !isWellFormed(etag)) return false;
  const start = openingQuote(etag, 0);
  const comparable = start === 0 || mode === 'weak';

  // What does not stand there as text is no member either; the grammar then says whether what stands there is one.
  const opaque = start === 0 ? etag : etag.slice(start);
  const first = comparable ? field.indexOf(opaque) : -1;
  if (first === -1) return false;
  if (beginsMember(field, first, mode) && endOfMember(field, first + opaque.length) !== -1) return true;
  let index = nextMember(field, 0);
  while (index < field.length) {
    const quote = openingQuote(field, index);
    const close = quote === -1 ? -1 : closingQuote(field, quote);
    const end = close === -1 ? -1 : endOfMember(field, close + 1);
    if (end === -1) return false;
    const named = quote >= first && close + 1 - quote === opaque.length && field.startsWith(opaque, quote);
    if (named && (mode === 'weak' || quote === index)) return true;
    index = nextMember(field, end);
  }
  return false;
}

/** `isEntityTag`, remembering one: the tag of a hot resource is asked about again and again. */
function isWellFormed(etag: string): boolean {
  if (etag === wellFormed) return true;
  if (!isEntityTag(etag)) return false;
  wellFormed = etag;
  return true;
}
let wellFormed = '""';

/** Whole members, each with the comma after it. Nothing follows it in the pattern, so a failure never starts over: linear. */
const members = /[\t ,]*(?:(?:W\/)?"[\u0021\u0023-\u007e\u0080-\u00ff]*"[\t ]*,[\t ,]*)*/y;

/** True if all before `quote` is whole members (and `W/`, which only weak comparison allows): a native scan for the usual field. */
function beginsMember(field: string, quote: number, mode: 'weak' | 'strong'): boolean {
  members.lastIndex = 0;
  members.test(field.slice(0, quote));
  const start = members.lastIndex;
  return start === quote || (mode === 'weak' && start === quote - 2 && field.startsWith('W/', start));
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/** `*` counts only as the whole value. */
function isAny(field: string): boolean {
  const index = skipSpace(field, 0);
  if (index === field.length || field.charCodeAt(index) !== 0x2a) return false;
  return skipSpace(field, index + 1) === field.length;
}

function skipSpace(field: string, start: number): number {
  let index = start;
  while (index < field.length && isSpace(field.charCodeAt(index))) index++;
  return index;
}

/** Skips white space and empty members: the start of the next member, or the end. */
function nextMember(field: string, start: number): number {
  let index = start;
  while (index < field.length) {
    const code = field.charCodeAt(index);
    if (code !== 0x2c && !isSpace(code)) break;
    index++;
  }
  return index;
}

/** After a tag only white space and then a comma or the end may come: their index, or -1. */
function endOfMember(field: string, start: number): number {
  const index = skipSpace(field, start);
  return index === field.length || field.charCodeAt(index) === 0x2c ? index : -1;
}
