import { notModifiedStrip } from './not-modified-headers.ts';

/** Methods whose answer may be a 304 (RFC 9110 §13.1.2, RFC 10008). */
export const isSafeRead = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'QUERY';

/** Preconditions are ignored where the plain answer would not be 2xx (RFC 9110 §13.2.1). */
export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** A 412 is no answer about the representation: with the 200's fields a cache would store it in the 200's place. */
export const failedStrip: readonly string[] = Object.freeze([
  ...notModifiedStrip,
  'etag',
  'last-modified',
  'cache-control',
  'cdn-cache-control',
  'expires',
]);

/** Whether anything but the method decides the answer; for Node's own shape, whose names are in lower case. */
export function isConditional(fields: Readonly<Record<string, unknown>>): boolean {
  return (
    fields['if-none-match'] !== undefined ||
    fields['if-match'] !== undefined ||
    fields['if-modified-since'] !== undefined ||
    fields['if-unmodified-since'] !== undefined ||
    fields['range'] !== undefined
  );
}

/**
 * Request fields in the shape of Node's `request.headers`. Node keeps the first of several `If-Modified-Since` lines; here
 * such a field counts as none, since a list of dates is not an HTTP-date (RFC 9110 §13.1.3, §13.1.4).
 */
export function requestFields<Fields extends Readonly<Record<string, string | string[] | undefined>>>(request: {
  readonly headers: Fields;
  readonly rawHeaders?: readonly string[];
}): Fields {
  const { headers, rawHeaders } = request;
  if (headers['if-modified-since'] === undefined && headers['if-unmodified-since'] === undefined) return headers;
  if (!Array.isArray(rawHeaders)) return headers;
  let copy: Fields | undefined;
  for (const name of ['if-modified-since', 'if-unmodified-since']) {
    let lines = 0;
    for (let index = 0; index < rawHeaders.length; index += 2) if (rawHeaders[index]!.toLowerCase() === name) lines++;
    if (lines > 1) copy = { ...(copy ?? headers), [name]: '' };
  }
  return copy ?? headers;
}
