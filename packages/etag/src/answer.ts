import { selectEncoding } from './accept-encoding.ts';
import { byteRange } from './byte-range.ts';
import { type HeaderSource, readField } from './header-source.ts';
import { evaluatePreconditions } from './preconditions.ts';
import { type Representation, type Variant, weakHeaders } from './representation.ts';

/** What to send: nothing is left to decide. No `body` means an empty one. */
export interface Answer {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

const preconditionFailed: Answer = Object.freeze({
  status: 412,
  headers: Object.freeze({ 'content-length': '0' }),
  body: undefined,
});

/**
 * The answer to a request for `representation`: the coding is negotiated, then the preconditions are evaluated against
 * that coding's tag, then a single byte range is cut out. Methods other than GET, HEAD and QUERY get it in full: there it is a result, not what
 * the request's conditions are about. With `weak` the tag is weak wherever something behind us may still compress.
 * @see RFC 9110 §13.2, §14.2
 */
export function answerWith(representation: Representation, method: string, fields: HeaderSource, weak = false): Answer {
  const variant = variantFor(representation, fields);
  const dynamic = weak && variant.encoding === 'identity';
  const headers = dynamic ? weakHeaders(variant.headers) : variant.headers;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'QUERY') return full(headers, variant);

  const { lastModifiedMs } = representation;
  const outcome = evaluatePreconditions(method, fields, {
    etag: dynamic ? headers.etag : variant.etag,
    lastModified: lastModifiedMs,
  });
  if (outcome.status === 412) return preconditionFailed;
  if (outcome.status === 304) {
    return { status: 304, headers: dynamic ? weakHeaders(variant.notModified) : variant.notModified, body: undefined };
  }
  const range = method === 'GET' && outcome.range === 'honour' ? readField(fields, 'range') : undefined;
  if (range === undefined) return full(headers, variant);
  return partial(range, headers, variant);
}

const full = (headers: Answer['headers'], variant: Variant): Answer => ({ status: 200, headers, body: variant.body });

function variantFor(representation: Representation, fields: HeaderSource): Variant {
  const { encodings } = representation;
  if (encodings.length === 0) return representation;
  const coding = selectEncoding(
    readField(fields, 'accept-encoding'),
    encodings.map(({ encoding }) => encoding),
  );
  return encodings.find(({ encoding }) => encoding === coding) ?? representation;
}

function partial(field: string, headers: Answer['headers'], variant: Variant): Answer {
  const length = variant.body.byteLength;
  const range = byteRange(field, length);
  if (range === undefined) return full(headers, variant);
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${length}`, 'content-length': '0' }, body: undefined };
  }
  const body = variant.body.subarray(range.first, range.last + 1);
  const own = {
    'content-range': `bytes ${range.first}-${range.last}/${length}`,
    'content-length': String(body.byteLength),
  };
  return { status: 206, headers: { ...headers, ...own }, body };
}
