import { answerWith } from './answer.ts';
import { computeEtagAsync } from './compute-etag.ts';
import { eventType, publish } from './events.ts';
import { formatHttpDate } from './http-date.ts';
import { failedStrip, isSafeRead, isSuccess } from './http-semantics.ts';
import { notModifiedStrip } from './not-modified-headers.ts';
import { type Current, evaluatePreconditions, lastModifiedMs } from './preconditions.ts';
import type { Representation } from './representation.ts';

/** For `conditional`. */
export interface ConditionalOptions {
  /** The validators known before the work: the request is decided first, and `response`, if a function, is called only when it goes on. */
  current?: Current | (() => Current | Promise<Current>) | undefined;
  /** Tag an answer that has no `ETag` by its bytes. Reads the whole body first: not for streams. Default `false`. */
  auto?: boolean | undefined;
  /** Make such tags weak, for bytes that are compressed afterwards. Default `false`. */
  weak?: boolean | undefined;
  /** Fields of the 200 that a 304 sent before the work must carry too: `cache-control`, `vary`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Answers `request` with `response`, or with the 304 or 412 that its preconditions ask for. Tags and dates come from
 * `current`, else from the response's own `ETag` and `Last-Modified`. Only a 2xx answer to GET, HEAD and QUERY is ever replaced;
 * an unsafe method is judged by `current` alone, before a function is called. A body that is not sent is cancelled, all others
 * pass untouched, streams too. With `Authorization` and no `Cache-Control` the answer is `private`.
 * @see RFC 9110 §13.2
 */
export async function conditional(
  request: Request,
  response: Response | (() => Response | Promise<Response>),
  options: ConditionalOptions = {},
): Promise<Response> {
  const { current: given, headers: extra = {} } = options;
  const current = typeof given === 'function' ? await given() : given;
  if (current !== undefined) {
    const { status } = evaluatePreconditions(request.method, request.headers, current);
    if (status !== 'proceed' && (typeof response === 'function' || isSuccess(response.status))) {
      const fields = new Headers(typeof response === 'function' ? {} : response.headers);
      complete(fields, request, current, extra);
      await cancel(response);
      return withoutBody(status, fields);
    }
  }
  const plain = typeof response === 'function' ? await response() : response;
  if (!isSafeRead(request.method) || !isSuccess(plain.status)) return plain;

  const fields = new Headers(plain.headers);
  complete(fields, request, current, extra);
  const bytes = await tagByBody(plain, fields, options);
  const { status } = evaluatePreconditions(request.method, request.headers, {
    etag: fields.get('etag') ?? undefined,
    lastModified: fields.get('last-modified') ?? undefined,
  });
  const isHead = request.method === 'HEAD';
  if (status !== 'proceed' || isHead) await cancel(plain);
  if (status !== 'proceed') return withoutBody(status, fields, bytes?.byteLength);
  publish('full', 'conditional');
  return rebuilt(isHead ? null : (bytes ?? plain.body), plain, fields);
}

/** `representation` as the answer to `request`: 200, 304, 412, 206 or 416. `private` with `Authorization` and no `Cache-Control`. */
export function representationToResponse(request: Request, representation: Representation): Response {
  const { status, headers, body } = answerWith(representation, request.method, request.headers);
  if (isSafeRead(request.method)) {
    publish(eventType(status), 'representation', status === 304 ? representation.body.byteLength : 0);
  }
  const secret = status < 400 && headers['cache-control'] === undefined && request.headers.has('authorization');
  const fields = secret ? { ...headers, 'cache-control': 'private' } : headers;
  const content = request.method === 'HEAD' || body === undefined ? null : (body as Uint8Array<ArrayBuffer>);
  return new Response(content, { status, headers: fields });
}

function complete(
  fields: Headers,
  request: Request,
  current: Current | undefined,
  extra: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(extra)) if (!fields.has(name)) fields.set(name, value);
  if (!isSafeRead(request.method)) return;
  if (current?.etag !== undefined && !fields.has('etag')) fields.set('etag', current.etag);
  const modified = lastModifiedMs(current?.lastModified);
  if (!Number.isNaN(modified) && !fields.has('last-modified')) fields.set('last-modified', formatHttpDate(modified));
  if (request.headers.has('authorization') && !fields.has('cache-control')) fields.set('cache-control', 'private');
}

async function tagByBody(
  plain: Response,
  fields: Headers,
  { auto = false, weak = false }: ConditionalOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!auto || plain.body === null || plain.status === 206 || fields.has('etag')) return undefined;
  const bytes = new Uint8Array(await plain.arrayBuffer());
  fields.set('etag', await computeEtagAsync(bytes, { weak }));
  return bytes;
}

function withoutBody(status: 304 | 412, fields: Headers, savedBytes = 0): Response {
  for (const name of status === 304 ? notModifiedStrip : failedStrip) fields.delete(name);
  if (status === 304 && fields.has('etag')) fields.delete('last-modified');
  publish(eventType(status), 'conditional', status === 304 ? savedBytes : 0);
  return new Response(null, { status, headers: fields });
}

function rebuilt(body: Uint8Array<ArrayBuffer> | ReadableStream | null, plain: Response, headers: Headers): Response {
  return new Response(body, { status: plain.status, statusText: plain.statusText, headers });
}

/** A source that nobody reads holds a file or a connection open. */
async function cancel(response: unknown): Promise<void> {
  if (!(response instanceof Response) || response.body === null || response.bodyUsed) return;
  try {
    await response.body.cancel();
  } catch {
    // The stream failed already or is somebody else's: there is nothing left to free.
  }
}
