import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerWith } from './answer.ts';
import { eventType, publish } from './events.ts';
import { formatHttpDate } from './http-date.ts';
import { failedStrip, isSafeRead, isSuccess, requestFields } from './http-semantics.ts';
import { notModifiedStrip } from './not-modified-headers.ts';
import { type Current, evaluatePreconditions, lastModifiedMs } from './preconditions.ts';
import type { Representation } from './representation.ts';
import { mergeVary } from './vary.ts';

/**
 * Sends `representation`, or the 304, 412, 206 or 416 that the request asks for, and ends the answer. Fields that were set before stay
 * (CORS, cookies), `Vary` is merged. With `Authorization` and no `Cache-Control` of your own the answer is `private`.
 * A status other than 2xx set before is kept, and then the preconditions do not count. Also for Express and other frameworks over `node:http`.
 * @returns The status that was sent.
 */
export function sendRepresentation(req: IncomingMessage, res: ServerResponse, representation: Representation): number {
  const method = req.method ?? 'GET';
  const plain = !isSuccess(res.statusCode);
  const { status, headers, body } = answerWith(representation, plain ? 'POST' : method, requestFields(req));
  const sent = status === 200 ? res.statusCode : status;
  if (status === 304) strip(res, notModifiedStrip);
  else if (status === 412 || status === 416) strip(res, failedStrip);
  if (!plain && isSafeRead(method)) {
    publish(eventType(status), 'representation', status === 304 ? representation.body.byteLength : 0);
  }
  res.writeHead(sent, completed(req, res, status, headers));
  res.end(method === 'HEAD' ? undefined : body);
  return sent;
}

/**
 * Evaluates the request's preconditions against `current`; call it before the work is done. True: the 304 or 412 has been sent,
 * return. False: go on; `ETag` and `Last-Modified` have been set for a GET, HEAD or QUERY, where they were not there yet.
 * Nothing counts while `res.statusCode` is not 2xx.
 */
export function checkPreconditions(req: IncomingMessage, res: ServerResponse, current: Current): boolean {
  if (!isSuccess(res.statusCode)) return false;
  const method = req.method ?? 'GET';
  const outcome = evaluatePreconditions(method, requestFields(req), current);
  if (outcome.status === 412) {
    strip(res, failedStrip);
    res.writeHead(412, { 'content-length': '0' });
  } else {
    if (isSafeRead(method) && current.exists !== false) describe(req, res, current);
    if (outcome.status === 'proceed') return false;
    strip(res, notModifiedStrip);
    if (res.hasHeader('etag')) res.removeHeader('last-modified');
    res.writeHead(304);
  }
  publish(eventType(outcome.status), 'check');
  res.end();
  return true;
}

function strip(res: ServerResponse, names: readonly string[]): void {
  for (const name of names) res.removeHeader(name);
}

function completed(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const vary = headers.vary === undefined ? undefined : res.getHeader('vary');
  const secret =
    status < 400 &&
    req.headers.authorization !== undefined &&
    headers['cache-control'] === undefined &&
    !res.hasHeader('cache-control');
  if (vary === undefined && !secret) return headers;
  const copy: Record<string, string> = { ...headers };
  if (vary !== undefined) copy.vary = mergeVary(vary, headers.vary!);
  if (secret) copy['cache-control'] = 'private';
  return copy;
}

function describe(req: IncomingMessage, res: ServerResponse, current: Current): void {
  if (current.etag !== undefined && !res.hasHeader('etag')) res.setHeader('etag', current.etag);
  const modified = lastModifiedMs(current.lastModified);
  if (!Number.isNaN(modified) && !res.hasHeader('last-modified')) {
    res.setHeader('last-modified', formatHttpDate(modified));
  }
  if (req.headers.authorization !== undefined && !res.hasHeader('cache-control')) {
    res.setHeader('cache-control', 'private');
  }
}
