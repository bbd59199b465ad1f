/** The index of the opening DQUOTE if `text` has an entity-tag's beginning at `start`, else -1. */
export function openingQuote(text: string, start: number): number {
  if (start >= text.length) return -1; // reading past the end would make every later read slower
  const code = text.charCodeAt(start);
  if (code === 0x22) return start;
  return code === 0x57 && text.startsWith('/"', start + 1) ? start + 2 : -1;
}

/**
 * The index of the DQUOTE that closes the opaque-tag opened at `quote`, or -1 where the grammar breaks first:
 * `etagc = %x21 / %x23-7E / obs-text`, so no space, no control, no DEL (RFC 9110 §8.8.3).
 */
export function closingQuote(text: string, quote: number): number {
  for (let index = quote + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x22 && code < 0x7f) continue; // nearly all
    if (code === 0x22) return index;
    if (code !== 0x21 && (code < 0x80 || code > 0xff)) return -1;
  }
  return -1;
}

/** True if `text` is exactly one entity-tag, weak or strong. */
export function isEntityTag(text: unknown): text is string {
  if (typeof text !== 'string') return false;
  const quote = openingQuote(text, 0);
  return quote !== -1 && closingQuote(text, quote) === text.length - 1;
}

/**
 * Quotes `value` and checks it: `formatEtag('v1')` is `"v1"`, with `weak` `W/"v1"`. A value that is an entity-tag
 * already passes as it is (and becomes weak with `weak`). ASCII only, because proxies rewrite other bytes.
 * @throws {TypeError} `value` has a character that no entity-tag may hold: space, DQUOTE, a control, anything beyond ASCII.
 * @see RFC 9110 §8.8.3
 */
export function formatEtag(value: string, weak = false): string {
  if (typeof value !== 'string') throw new TypeError(`value: expected a string, got ${typeof value}`);
  const quoted = openingQuote(value, 0) === -1;
  const tag = quoted ? `"${value}"` : value;
  if (!isEntityTag(tag) || !isAscii(tag)) {
    throw new TypeError(`value: expected visible ASCII without space and DQUOTE, got ${JSON.stringify(value)}`);
  }
  return weak ? weaken(tag) : tag;
}

/**
 * The weak form of a tag; a weak one comes back as it is. A weak tag may stand for several encodings of one content.
 * @throws {TypeError} `tag` is no entity-tag.
 */
export function weaken(tag: string): string {
  if (!isEntityTag(tag)) throw new TypeError(`tag: expected an entity-tag, got ${JSON.stringify(tag)}`);
  return tag.charCodeAt(0) === 0x57 ? tag : `W/${tag}`;
}

/** Strong comparison (RFC 9110 §8.8.3.2): both are strong and equal. What is no entity-tag equals nothing. */
export function equalStrong(a: string, b: string): boolean {
  return a === b && isEntityTag(a) && a.charCodeAt(0) === 0x22;
}

/** Weak comparison (RFC 9110 §8.8.3.2): the opaque-tags are equal, weak or not. What is no entity-tag equals nothing. */
export function equalWeak(a: string, b: string): boolean {
  return isEntityTag(a) && isEntityTag(b) && opaquePart(a) === opaquePart(b);
}

const opaquePart = (tag: string): string => (tag.charCodeAt(0) === 0x57 ? tag.slice(2) : tag);

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7e) return false;
  return true;
}
