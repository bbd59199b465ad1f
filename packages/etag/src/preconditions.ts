import { equalStrong } from './entity-tag.ts';
import { matchEtagList } from './etag-list.ts';
import {
  type ConditionalFields,
  conditionalFields,
  fieldText,
  type FieldValue,
  type HeadersLike,
  type HeaderSource,
  isHeaders,
} from './header-source.ts';
import { isHttpTime, parseHttpDate } from './http-date.ts';

/** The validators of what the server has now. */
export interface Current {
  /** There is a current representation; default `true`. */
  readonly exists?: boolean | undefined;
  /** Its entity-tag, quoted: `"v1"` or `W/"v1"`. */
  readonly etag?: string | undefined;
  /** When it last changed: a `Date`, epoch milliseconds, or an HTTP-date. Counts in whole seconds; what is no time counts as unknown. */
  readonly lastModified?: Date | number | string | undefined;
}

/** What a conditional request asks for. */
export type PreconditionOutcome =
  | {
      readonly status: 'proceed';
      /** `ignore`: answer in full, although `Range` was sent (`If-Range` does not hold, or the method is not GET). */
      readonly range: 'honour' | 'ignore';
    }
  | { readonly status: 304; readonly by: ConditionalField }
  | { readonly status: 412; readonly by: ConditionalField };

/** The field that decided. */
export type ConditionalField = 'if-match' | 'if-unmodified-since' | 'if-none-match' | 'if-modified-since';

// One object for each outcome: deciding allocates nothing.
const honour: PreconditionOutcome = Object.freeze({ status: 'proceed', range: 'honour' });
const ignore: PreconditionOutcome = Object.freeze({ status: 'proceed', range: 'ignore' });
const failedMatch: PreconditionOutcome = Object.freeze({ status: 412, by: 'if-match' });
const failedUnmodified: PreconditionOutcome = Object.freeze({ status: 412, by: 'if-unmodified-since' });
const failedNoneMatch: PreconditionOutcome = Object.freeze({ status: 412, by: 'if-none-match' });
const sameTag: PreconditionOutcome = Object.freeze({ status: 304, by: 'if-none-match' });
const sameDate: PreconditionOutcome = Object.freeze({ status: 304, by: 'if-modified-since' });

/**
 * Decides a conditional request in the order of RFC 9110 §13.2.2: `If-Match`, else `If-Unmodified-Since`, then
 * `If-None-Match`, else `If-Modified-Since`, then `If-Range`. Call it before the work is done, and only where the plain
 * answer would be 2xx; `exists: false` stands for a 404 to a safe method and lets the request proceed.
 *
 * Malformed fields fail safe: what stands before the first error in a list counts, the rest does not; what is no
 * HTTP-date is ignored. The request's `Cache-Control` is not looked at. Never throws on header values, linear, no allocation for
 * Node's headers. Methods are case-sensitive, names of fields are not.
 *
 * @param nowMs Epoch milliseconds, for two-digit years and for `If-Range` with a date; default: now.
 * @see RFC 9110 §13; RFC 10008 for QUERY
 */
export function evaluatePreconditions(
  method: string,
  headers: HeaderSource,
  current: Current,
  nowMs?: number,
): PreconditionOutcome {
  if (method === 'OPTIONS' || method === 'TRACE' || method === 'CONNECT') return honour;
  const getOrHead = method === 'GET' || method === 'HEAD';
  const safe = getOrHead || method === 'QUERY';
  const exists = current.exists !== false;
  if (safe && !exists) return honour;
  // Each field is read when it is needed: most requests are decided by one, and `Headers.get` is slow.
  let web: HeadersLike | undefined;
  let fields = noFields;
  if (isHeaders(headers)) web = headers;
  else fields = conditionalFields(headers);
  const etag = exists ? current.etag : undefined;

  const ifMatch = textOf(web, fields['if-match'], 'if-match');
  if (ifMatch !== undefined) {
    if (!exists || !matchEtagList(ifMatch, etag, 'strong')) return failedMatch;
  } else if (exists && current.lastModified !== undefined) {
    const since = textOf(web, fields['if-unmodified-since'], 'if-unmodified-since');
    if (since !== undefined && modifiedAfter(since, current, nowMs) === true) return failedUnmodified;
  }

  const ifNoneMatch = textOf(web, fields['if-none-match'], 'if-none-match');
  if (ifNoneMatch !== undefined) {
    if (exists && matchEtagList(ifNoneMatch, etag, 'weak')) return safe ? sameTag : failedNoneMatch;
  } else if (getOrHead && current.lastModified !== undefined) {
    const since = textOf(web, fields['if-modified-since'], 'if-modified-since');
    if (since !== undefined && modifiedAfter(since, current, nowMs) === false) return sameDate;
  }

  if (textOf(web, fields.range, 'range') === undefined) return honour;
  const ifRange = textOf(web, fields['if-range'], 'if-range');
  return method === 'GET' && (ifRange === undefined || rangeHolds(ifRange, current, nowMs)) ? honour : ignore;
}

const noFields: ConditionalFields = Object.freeze({});

/** `own` is the field of a record, passed as a value so that each is read by its constant name. */
function textOf(web: HeadersLike | undefined, own: FieldValue, name: string): string | undefined {
  return web === undefined ? fieldText(own) : (web.get(name) ?? undefined);
}

/** True if a GET (or `method`) with these headers is to be answered with 304: what `fresh` decides, after RFC 9110. */
export function isNotModified(headers: HeaderSource, current: Current, method = 'GET'): boolean {
  return evaluatePreconditions(method, headers, current).status === 304;
}

/** The time in epoch milliseconds, cut to the second as in `Last-Modified`; NaN if there is none that the field can say. */
export function lastModifiedMs(value: Current['lastModified'], nowMs?: number): number {
  const ms =
    typeof value === 'number' ? value : typeof value === 'string' ? parseHttpDate(value, nowMs) : timeOf(value);
  return isHttpTime(ms) ? Math.floor(ms / 1000) * 1000 : Number.NaN;
}

const timeOf = (value: Date | undefined): number => (value instanceof Date ? value.getTime() : Number.NaN);

/** `undefined`: the field is to be ignored, because it or the resource has no date. */
function modifiedAfter(field: string, current: Current, nowMs: number | undefined): boolean | undefined {
  const since = parseHttpDate(withoutSpace(field), nowMs);
  const modified = lastModifiedMs(current.lastModified, nowMs);
  return Number.isNaN(since) || Number.isNaN(modified) ? undefined : modified > since;
}

/** `If-Range`, RFC 9110 §13.1.5. */
function rangeHolds(field: string, current: Current, nowMs: number | undefined): boolean {
  const value = withoutSpace(field);
  if (value.startsWith('"') || value.startsWith('W/')) return equalStrong(value, current.etag ?? '');
  const modified = lastModifiedMs(current.lastModified, nowMs);
  // A date of the running second is a weak validator: the content may change again within it (§8.8.2.2).
  const strong = modified + 1000 <= (nowMs ?? Date.now());
  return strong && parseHttpDate(value, nowMs) === modified;
}

/** A field's value without the SP and HTAB around it (RFC 9110 §5.5). */
function withoutSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;
