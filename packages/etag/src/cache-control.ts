/** Directives of a response's `Cache-Control`. Ages are whole seconds, as in the field. */
export interface CacheDirectives {
  visibility?: 'public' | 'private' | undefined;
  maxAge?: number | undefined;
  /** For shared caches, instead of `maxAge`; implies `proxyRevalidate` there. */
  sMaxAge?: number | undefined;
  /** How long after its age a stale answer may be sent while it is fetched again (RFC 5861). */
  staleWhileRevalidate?: number | undefined;
  /** How long after its age a stale answer may be sent instead of a 500, 502, 503 or 504 (RFC 5861). */
  staleIfError?: number | undefined;
  noCache?: boolean | undefined;
  noStore?: boolean | undefined;
  mustRevalidate?: boolean | undefined;
  proxyRevalidate?: boolean | undefined;
  immutable?: boolean | undefined;
  noTransform?: boolean | undefined;
}

const ages = [
  ['maxAge', 'max-age'],
  ['sMaxAge', 's-maxage'],
  ['staleWhileRevalidate', 'stale-while-revalidate'],
  ['staleIfError', 'stale-if-error'],
] as const;

const flags = [
  ['noCache', 'no-cache'],
  ['noStore', 'no-store'],
  ['mustRevalidate', 'must-revalidate'],
  ['proxyRevalidate', 'proxy-revalidate'],
  ['immutable', 'immutable'],
  ['noTransform', 'no-transform'],
] as const;

const known = new Set<string>(['visibility', ...ages.map(([name]) => name), ...flags.map(([name]) => name)]);

/**
 * Writes a `Cache-Control` field and refuses what contradicts itself. No directive gives the empty string.
 * @throws {TypeError} An unknown directive, a wrong type, or a contradiction: `noStore` with an age, `public` or `immutable`;
 *   `sMaxAge` with `staleWhileRevalidate` (the one disables the other) or with `private`; `staleWhileRevalidate` with `noCache` or
 *   `mustRevalidate`; `immutable` with `noCache`.
 * @throws {RangeError} An age that is negative, fractional or above 2^31.
 * @see RFC 9111 §5.2.2, RFC 5861, RFC 8246
 */
export function cacheControl(directives: CacheDirectives): string {
  check(directives);
  const parts: string[] = directives.visibility === undefined ? [] : [directives.visibility];
  for (const [name, directive] of ages) {
    const seconds = directives[name];
    if (seconds !== undefined) parts.push(`${directive}=${seconds}`);
  }
  for (const [name, directive] of flags) if (directives[name] === true) parts.push(directive);
  return parts.join(', ');
}

/**
 * One policy for browsers and one for the CDN: `cache-control` and, with `cdn`, `cdn-cache-control`, which a CDN that
 * knows it obeys instead (and removes). `staleWhileRevalidate` for a CDN belongs here.
 * @throws As `cacheControl` does.
 * @see RFC 9213
 */
export function cachePolicy(policy: {
  browser: CacheDirectives | string;
  cdn?: CacheDirectives | string | undefined;
}): Record<string, string> {
  const { browser, cdn } = policy;
  const headers: Record<string, string> = { 'cache-control': cacheControlText(browser) };
  if (cdn !== undefined) headers['cdn-cache-control'] = cacheControlText(cdn);
  return headers;
}

/** A finished field passes as it is, directives are written and checked. */
export function cacheControlText(value: CacheDirectives | string): string {
  return typeof value === 'string' ? value : cacheControl(value);
}

function check(directives: CacheDirectives): void {
  if (typeof directives !== 'object' || directives === null) {
    throw new TypeError(
      `cacheControl: expected an object of directives, got ${directives === null ? 'null' : typeof directives}`,
    );
  }
  for (const name of Object.keys(directives)) {
    if (!known.has(name)) throw new TypeError(`${name}: not a directive that cacheControl knows`);
  }
  const { visibility } = directives;
  if (visibility !== undefined && visibility !== 'public' && visibility !== 'private') {
    throw new TypeError(`visibility: expected 'public' or 'private', got ${String(visibility)}`);
  }
  for (const [name] of ages) checkSeconds(name, directives[name]);
  for (const [name] of flags) {
    const value = directives[name];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new TypeError(`${name}: expected a boolean, got ${String(value)}`);
    }
  }
  checkContradictions(directives);
}

function checkSeconds(name: string, seconds: unknown): void {
  if (seconds === undefined) return;
  if (typeof seconds !== 'number') throw new TypeError(`${name}: expected whole seconds, got ${typeof seconds}`);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 2 ** 31) {
    throw new RangeError(`${name}: expected whole seconds from 0 to 2147483648, got ${seconds}`);
  }
}

function checkContradictions(directives: CacheDirectives): void {
  const { noStore, noCache, mustRevalidate, immutable, visibility, sMaxAge, staleWhileRevalidate } = directives;
  const refuse = (one: string, other: string, reason: string): never => {
    throw new TypeError(`${one} contradicts ${other}: ${reason}`);
  };
  if (noStore === true) {
    for (const [name] of ages)
      if (directives[name] !== undefined) refuse('noStore', name, 'what is not stored has no age');
    if (visibility === 'public') refuse('noStore', 'visibility: public', 'public allows to store');
    if (immutable === true) refuse('noStore', 'immutable', 'what is not stored is not reused');
  }
  if (sMaxAge !== undefined) {
    if (staleWhileRevalidate !== undefined) {
      const advice = 's-maxage forbids stale answers in shared caches; use cachePolicy with a cdn part';
      refuse('sMaxAge', 'staleWhileRevalidate', advice);
    }
    if (visibility === 'private') refuse('sMaxAge', 'visibility: private', 'a shared cache does not store it');
  }
  if (staleWhileRevalidate !== undefined && (noCache === true || mustRevalidate === true)) {
    refuse(noCache === true ? 'noCache' : 'mustRevalidate', 'staleWhileRevalidate', 'it forbids stale answers');
  }
  if (immutable === true && noCache === true) refuse('noCache', 'immutable', 'immutable means no revalidation');
}
