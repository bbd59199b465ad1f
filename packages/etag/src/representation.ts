import { builtinModule } from './builtin.ts';
import { cacheControlText, type CacheDirectives } from './cache-control.ts';
import { compress, type ContentCoding, contentCodings } from './compress.ts';
import { computeEtagAsync } from './compute-etag.ts';
import { formatEtag, weaken } from './entity-tag.ts';
import { formatHttpDate } from './http-date.ts';
import { notModifiedHeaders } from './not-modified-headers.ts';
import { lastModifiedMs } from './preconditions.ts';
import { mergeVary } from './vary.ts';

/** The bytes of one content coding, with the fields of their 200 and of their 304. */
export interface Variant {
  readonly encoding: ContentCoding | 'identity';
  readonly body: Uint8Array;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly notModified: Readonly<Record<string, string>>;
}

/** An answer made once and sent many times: identity bytes, tag, fields, and what was compressed ahead. Frozen. */
export interface Representation extends Variant {
  readonly encoding: 'identity';
  readonly encodings: readonly Variant[];
  /** Epoch milliseconds; NaN if it was not given. */
  readonly lastModifiedMs: number;
  /** Of all variants together: the `sizeOf` of a cache that holds representations. */
  readonly byteLength: number;
}

/** For `createRepresentation`. */
export interface RepresentationOptions {
  /** Default: `text/plain; charset=utf-8` for a string, `application/octet-stream` for bytes. */
  contentType?: string | undefined;
  /** The field itself, or directives that are checked. Default: none; the adapters then add `private` to a request with `Authorization`. */
  cacheControl?: CacheDirectives | string | undefined;
  /** A tag (quoted or not) or how to make one from the bytes. Default: strong, from the SHA-256 of the bytes. */
  etag?: string | ((bytes: Uint8Array) => string) | undefined;
  /** Compressed once, now. In order of preference; each gets a tag of its own. One that does not save bytes is dropped. */
  encodings?: readonly ContentCoding[] | undefined;
  /** Of all variants; written as `Last-Modified`, cut to the second. */
  lastModified?: Date | number | string | undefined;
  /** Further fields of the answer, e.g. from `cachePolicy`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Makes the answer that the adapters send: bytes (a string as UTF-8), entity-tag and fields, once for any number of
 * requests. With `encodings` each coding has a tag of its own, and `Vary: Accept-Encoding` stands on every answer and 304.
 * The bytes are not copied: do not change them afterwards.
 * @throws {TypeError | RangeError} A wrong option, named with its value.
 * @throws {EtagUnsupportedError} `encodings` names one that this runtime cannot make.
 * @see RFC 9110 §8.8.3.3, §15.4.5
 */
export async function createRepresentation(
  body: string | Uint8Array,
  options: RepresentationOptions = {},
): Promise<Representation> {
  const { etag, encodings = [], lastModified } = options;
  const bytes = bytesOf(body);
  checkEncodings(encodings);
  const modifiedMs = checkLastModified(lastModified);
  const shared = sharedHeaders(body, options, modifiedMs);

  const [base, ...compressed] = await Promise.all([
    variant('identity', bytes, etag, shared),
    ...encodings.map(async (coding) => variant(coding, await compress(bytes, coding), etag, shared)),
  ]);
  const smaller = Object.freeze(compressed.filter((one) => one.body.byteLength < bytes.byteLength));
  const byteLength = smaller.reduce((sum, one) => sum + one.body.byteLength, bytes.byteLength);
  return Object.freeze({ ...base, encoding: 'identity', encodings: smaller, lastModifiedMs: modifiedMs, byteLength });
}

async function variant(
  encoding: Variant['encoding'],
  bytes: Uint8Array,
  given: RepresentationOptions['etag'],
  shared: Readonly<Record<string, string>>,
): Promise<Variant> {
  const body = asBuffer(bytes);
  const etag = await tagOf(encoding, body, given);
  const headers: Record<string, string> = { ...shared, etag, 'content-length': String(body.byteLength) };
  if (encoding !== 'identity') headers['content-encoding'] = encoding;
  return Object.freeze({
    encoding,
    body,
    etag,
    headers: Object.freeze(headers),
    notModified: Object.freeze(notModifiedHeaders(headers)),
  });
}

/** A compressed body is tagged by its own bytes: another zlib may make others, and strong means byte for byte. */
async function tagOf(
  encoding: Variant['encoding'],
  body: Uint8Array,
  given: RepresentationOptions['etag'],
): Promise<string> {
  if (given === undefined) return computeEtagAsync(body, { encoding });
  const tag = formatEtag(typeof given === 'function' ? given(body) : given);
  return encoding === 'identity' ? tag : `${tag.slice(0, -1)}-${encoding}"`;
}

/** The weak form of a variant's fields, for bytes that something behind us may still compress. */
export function weakHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return { ...headers, etag: weaken(headers.etag ?? ''), vary: mergeVary(headers.vary, 'accept-encoding') };
}

function sharedHeaders(
  body: string | Uint8Array,
  options: RepresentationOptions,
  modifiedMs: number,
): Record<string, string> {
  const { contentType, cacheControl, encodings = [], headers = {} } = options;
  const shared: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') throw new TypeError(`headers: expected a string for ${name}, got ${typeof value}`);
    shared[name.toLowerCase()] = value;
  }
  if (contentType !== undefined || shared['content-type'] === undefined) {
    shared['content-type'] = contentType ?? defaultType(body);
  }
  const policy = cacheControl === undefined ? '' : cacheControlText(cacheControl);
  if (policy !== '') shared['cache-control'] = policy;
  if (!Number.isNaN(modifiedMs)) shared['last-modified'] = formatHttpDate(modifiedMs);
  if (encodings.length > 0) shared.vary = mergeVary(shared.vary, 'accept-encoding');
  return shared;
}

const defaultType = (body: unknown): string =>
  typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream';

/** On Node the very same bytes as a `Buffer`: Fastify wraps any other kind anew for each request. */
function asBuffer(bytes: Uint8Array): Uint8Array {
  const { Buffer } = builtinModule('node:buffer') ?? {};
  return Buffer === undefined ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bytesOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  const got = body === null ? 'null' : typeof body;
  throw new TypeError(`body: expected a string or Uint8Array (JSON.stringify an object first), got ${got}`);
}

function checkEncodings(encodings: readonly ContentCoding[]): void {
  if (!Array.isArray(encodings)) throw new TypeError(`encodings: expected an array, got ${typeof encodings}`);
  for (const coding of encodings) {
    if (!contentCodings.includes(coding)) {
      throw new RangeError(`encodings: expected some of ${contentCodings.join(', ')}, got ${String(coding)}`);
    }
  }
  if (new Set(encodings).size !== encodings.length)
    throw new RangeError(`encodings: ${encodings.join(', ')} has one twice`);
}

function checkLastModified(value: RepresentationOptions['lastModified']): number {
  const ms = lastModifiedMs(value);
  if (value === undefined || !Number.isNaN(ms)) return ms;
  throw new RangeError(`lastModified: expected a valid Date, epoch milliseconds or an HTTP-date, got ${String(value)}`);
}
