import { builtinModule } from './builtin.ts';
import { formatEtag } from './entity-tag.ts';
import { EtagUnsupportedError } from './errors.ts';

/** For `computeEtag` and `computeEtagAsync`. */
export interface ComputeEtagOptions {
  /** A weak tag, `W/"..."`: for bytes that something behind this code will still compress. Default `false`. */
  weak?: boolean | undefined;
  /** Characters of the hash that are kept, 8 to 43; default 22 (132 bits). With `hash`: all of its text. */
  length?: number | undefined;
  /** A hash of one's own, e.g. xxHash; its text may hold visible ASCII without DQUOTE. Default: SHA-256 as base64url. */
  hash?: ((bytes: Uint8Array) => string) | undefined;
  /** The content coding of these bytes; `gzip` appends `-gzip`, since a strong tag belongs to one coding (RFC 9110 §8.8.3.3). */
  encoding?: string | undefined;
}

let sha256: ((data: string | Uint8Array) => string) | undefined;

/**
 * The entity-tag of `body`: strong, from the SHA-256 of its bytes. A string counts as its UTF-8 bytes, so that string
 * and `Uint8Array` agree; one body has one tag in every process and runtime.
 * @throws {EtagUnsupportedError} There is no `node:crypto`: give `hash`, or use `computeEtagAsync`.
 * @throws {TypeError | RangeError} A wrong option, or a `hash` whose text no tag may hold.
 * @see RFC 9110 §8.8.3
 */
export function computeEtag(body: string | Uint8Array, options: ComputeEtagOptions = {}): string {
  checkBody(body);
  const { hash, length } = options;
  checkLength(length);
  if (hash !== undefined) return finish(checkText(hash(toBytes(body))), options);
  sha256 ??= nodeSha256();
  return finish(sha256(body).slice(0, length ?? 22), options);
}

/** The same tag through `crypto.subtle`, for runtimes without `node:crypto`. Rejects as `computeEtag` throws. */
export async function computeEtagAsync(body: string | Uint8Array, options: ComputeEtagOptions = {}): Promise<string> {
  if (options.hash !== undefined || builtinModule('node:crypto') !== undefined) return computeEtag(body, options);
  checkBody(body);
  checkLength(options.length);
  const digest = await crypto.subtle.digest('SHA-256', toBytes(body));
  return finish(base64url(new Uint8Array(digest)).slice(0, options.length ?? 22), options);
}

/** Without padding (RFC 4648 §5). */
export function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** SHA-256 as base64url through `node:crypto`, if there is one. */
export function nativeSha256(): ((data: string | Uint8Array) => string) | undefined {
  const crypto = builtinModule('node:crypto');
  if (crypto === undefined) return undefined;
  const { hash } = crypto;
  return hash === undefined
    ? (data) => crypto.createHash('sha256').update(data).digest('base64url')
    : (data) => hash('sha256', data, 'base64url');
}

function nodeSha256(): (data: string | Uint8Array) => string {
  const native = nativeSha256();
  if (native !== undefined) return native;
  throw new EtagUnsupportedError(
    'node:crypto',
    'computeEtag: this runtime has no node:crypto; pass the option hash, or use computeEtagAsync',
  );
}

function finish(text: string, { weak = false, length, encoding, hash }: ComputeEtagOptions): string {
  const kept = hash === undefined || length === undefined ? text : text.slice(0, length);
  const suffix = encoding === undefined || encoding === 'identity' ? '' : `-${encoding}`;
  // Our own alphabet needs no check.
  if (hash === undefined && suffix === '') return weak ? `W/"${kept}"` : `"${kept}"`;
  try {
    return formatEtag(`"${kept}${suffix}"`, weak);
  } catch (cause) {
    const option = encoding === undefined ? 'hash' : 'hash or encoding';
    throw new TypeError(`${option}: gave ${JSON.stringify(kept + suffix)}, which no entity-tag may hold`, { cause });
  }
}

function toBytes(body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof body === 'string' ? new TextEncoder().encode(body) : (body as Uint8Array<ArrayBuffer>);
}

function checkBody(body: unknown): void {
  if (typeof body === 'string' || body instanceof Uint8Array) return;
  throw new TypeError(`body: expected a string or Uint8Array, got ${body === null ? 'null' : typeof body}`);
}

/** `undefined` would be a fine tag, and the same for every body. */
function checkText(text: unknown): string {
  if (typeof text === 'string') return text;
  throw new TypeError(`hash: expected to get a string, got ${text === null ? 'null' : typeof text}`);
}

function checkLength(length: number | undefined): void {
  if (length === undefined || (Number.isInteger(length) && length >= 8 && length <= 43)) return;
  throw new RangeError(`length: expected an integer from 8 to 43, got ${String(length)}`);
}
