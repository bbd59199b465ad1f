import { base64url, nativeSha256 } from './compute-etag.ts';
import { sha256 } from './sha256.ts';

/** What `versionEtag` takes: an id, a revision, a time. */
export type VersionPart = string | number | bigint | Date;

let digest: ((text: string) => string) | undefined;
// The last answer: a hot resource is asked for the same version again and again, and hashing costs 2 us.
let lastText = '';
let lastTag = '';

/**
 * A weak tag from versions, `W/"v-..."`: a 304 then costs neither the query for the body nor its serialisation. Pass
 * everything that the body depends on: row versions, the build, the locale, the page. What is left out goes stale.
 * Parts are hashed with their type and length, so that `('a', 'bc')` and `('ab', 'c')`, or `1` and `'1'`, differ, and
 * nothing of them can be read from the tag. The same parts give the same tag in every process and runtime.
 * @throws {TypeError} No part, or one of another type (`null` and `undefined`: a version is missing).
 * @throws {RangeError} `NaN`, an infinity, or an invalid `Date`.
 */
export function versionEtag(...parts: VersionPart[]): string {
  if (parts.length === 0) throw new TypeError('versionEtag: expected at least one version');
  digest ??= nativeSha256() ?? ((text) => base64url(sha256(new TextEncoder().encode(text))));
  let text = '';
  for (let index = 0; index < parts.length; index++) text += canonical(parts[index], index);
  if (text === lastText) return lastTag;
  lastTag = `W/"v-${digest(text).slice(0, 22)}"`;
  lastText = text;
  return lastTag;
}

function canonical(part: unknown, index: number): string {
  if (typeof part === 'string') return textPart(part);
  if (typeof part === 'number' && Number.isFinite(part)) return `n${part};`;
  if (typeof part === 'bigint') return `i${part};`;
  if (part instanceof Date && !Number.isNaN(part.getTime())) return `d${part.getTime()};`;
  const message = `versionEtag: part ${index}: expected a string, finite number, bigint or valid Date, got ${describe(part)}`;
  throw typeof part === 'number' || part instanceof Date ? new RangeError(message) : new TypeError(message);
}

/** UTF-8 writes every lone surrogate as the same character, so text with one goes in as its code units. */
function textPart(part: string): string {
  return loneSurrogate.test(part)
    ? `u${part.length}:${Array.from({ length: part.length }, (_, index) => part.charCodeAt(index)).join(',')};`
    : `s${part.length}:${part}`;
}

const loneSurrogate = /\p{Surrogate}/u;

function describe(part: unknown): string {
  return part === null || typeof part === 'number' || part instanceof Date ? String(part) : typeof part;
}
