import type { DoneFuncWithErrOrRes, FastifyReply, FastifyRequest } from 'fastify';
import { builtinModule } from '../builtin.ts';
import { computeEtag } from '../compute-etag.ts';
import { eventType } from '../events.ts';
import { isSafeRead, isSuccess, requestFields } from '../http-semantics.ts';
import { evaluatePreconditions } from '../preconditions.ts';
import type { RoutePolicy } from './options.ts';
import { addVary, applyPolicy, describeCurrent, mayCompress, stripFor } from './reply-headers.ts';
import { policyOf, settingsOf, stateOf } from './state.ts';

/** The onSend hook: tags 2xx answers to GET, HEAD and QUERY, and turns them into the 304 or 412 that was asked for. */
export function onSend(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: DoneFuncWithErrOrRes,
): void {
  const state = stateOf(reply);
  if (state === 'decided') return done(null, headPayload(request, reply, payload));
  if (!isSafeRead(request.method) || !isSuccess(reply.statusCode)) return done();
  try {
    const policy = policyOf(request);
    if (state !== null) describeCurrent(reply, state);
    applyPolicy(request, reply, policy);
    if (mayCompress(reply) || isEncoded(reply)) addVary(reply, 'accept-encoding');
    tag(request, reply, payload, policy);
    finish(request, reply, payload, done);
  } catch (error) {
    done(error as Error);
  }
}

function finish(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: DoneFuncWithErrOrRes): void {
  const fields = requestFields({ headers: request.headers, rawHeaders: request.raw.rawHeaders });
  const { status } = evaluatePreconditions(request.method, fields, {
    etag: textHeader(reply, 'etag'),
    lastModified: textHeader(reply, 'last-modified'),
  });
  const settings = settingsOf(request.server);
  if (status === 'proceed') {
    settings.record('full', 'auto');
    return done();
  }
  const saved = status === 304 ? sizeOf(payload) : 0;
  settings.record(eventType(status), 'auto', saved);
  stripFor(reply, status);
  reply.code(status);
  discard(payload);
  done(null, status === 304 ? headPayload(request, reply, null) : '');
}

function tag(request: FastifyRequest, reply: FastifyReply, payload: unknown, policy: RoutePolicy): void {
  if (!policy.auto || reply.hasHeader('etag')) return;
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) return;
  // A HEAD route of its own sends no body: the tag of nothing would not be the GET's.
  if (payload.length === 0 && request.method === 'HEAD') return;
  if (reply.statusCode === 204 || reply.statusCode === 206 || reply.hasHeader('content-range')) return;
  if (textHeader(reply, 'cache-control')?.includes('no-store') === true) return; // nobody will come back with it
  const { length, hash } = policy;
  reply.header('etag', computeEtag(payload, { weak: policy.weak || mayCompress(reply), length, hash }));
}

function textHeader(reply: FastifyReply, name: string): string | undefined {
  const value = reply.getHeader(name);
  return value === undefined ? undefined : String(value);
}

function isEncoded(reply: FastifyReply): boolean {
  const coding = reply.getHeader('content-encoding');
  return coding !== undefined && coding !== 'identity';
}

const sizeOf = (payload: unknown): number =>
  typeof payload === 'string' ? Buffer.byteLength(payload) : payload instanceof Uint8Array ? payload.byteLength : 0;

/** A stream that will not be sent is closed, or its file stays open. */
function discard(payload: unknown): void {
  if (typeof payload !== 'object' || payload === null) return;
  const source = payload as { destroy?(): void; cancel?(): Promise<void>; body?: { cancel?(): Promise<void> } };
  if (typeof source.destroy === 'function') source.destroy();
  const cancelling = typeof source.cancel === 'function' ? source.cancel() : source.body?.cancel?.();
  cancelling?.catch(() => {}); // it is being dropped: how it ends is of no interest
}

/**
 * Fastify answers HEAD from the GET route and counts the bytes of its payload in an onSend of its own: no payload would become
 * `content-length: 0`, which a 304 must not say (RFC 9110 §8.6). For a stream it counts nothing.
 */
function headPayload(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  const nothing = payload === undefined || payload === null;
  if (request.method !== 'HEAD' || reply.statusCode !== 304 || !nothing) return payload;
  const stream = builtinModule('node:stream');
  return stream?.Readable.from([]);
}
