import type { FastifyReply } from 'fastify';
import { answerWith } from '../answer.ts';
import { type EtagEvent, eventType } from '../events.ts';
import { isConditional, isSafeRead, isSuccess, requestFields } from '../http-semantics.ts';
import { type Current, evaluatePreconditions } from '../preconditions.ts';
import type { Representation } from '../representation.ts';
import { addVary, applyPolicy, describeCurrent, mayCompress, stripFor } from './reply-headers.ts';
import { policyOf, setState, settingsOf } from './state.ts';

/** `reply.sendRepresentation`. */
export function sendRepresentation(reply: FastifyReply, representation: Representation): FastifyReply {
  const { request } = reply;
  const plain = !isSuccess(reply.statusCode);
  const fields = requestFields({ headers: request.headers, rawHeaders: request.raw.rawHeaders });
  // To a POST a representation is a result: it gets all of it, as a GET does that asks nothing.
  const method = plain || !isConditional(fields) ? 'POST' : request.method;
  const answer = answerWith(representation, method, fields, mayCompress(reply));
  const { status, headers, body } = answer;
  if (status === 304 || status === 412 || status === 416) stripFor(reply, status);
  for (const name in headers) {
    if (name === 'vary') addVary(reply, headers[name]!);
    else if (name !== 'content-length') reply.header(name, headers[name]); // Fastify counts by itself
  }
  if (status < 400 && !plain) applyPolicy(request, reply, policyOf(request));
  if (status !== 200) reply.code(status);
  setState(reply, 'decided');
  if (!plain && isSafeRead(request.method)) {
    const saved = status === 304 ? representation.body.byteLength : 0;
    settingsOf(request.server).record(eventType(status), 'representation', saved);
  }
  return reply.send(body);
}

/** `reply.checkPreconditions`. */
export function checkPreconditions(reply: FastifyReply, current: Current): boolean {
  return isSuccess(reply.statusCode) && decide(reply, current, 'check');
}

/** Sends the 304 or 412 that `current` calls for. False: go on, with the validators set for a GET, HEAD or QUERY. */
export function decide(reply: FastifyReply, current: Current, source: EtagEvent['source']): boolean {
  const { request } = reply;
  const fields = requestFields({ headers: request.headers, rawHeaders: request.raw.rawHeaders });
  const { status } = evaluatePreconditions(request.method, fields, current);
  if (status === 'proceed') {
    if (isSafeRead(request.method) && current.exists !== false) setState(reply, current);
    return false;
  }
  if (status === 304) {
    describeCurrent(reply, current);
    applyPolicy(request, reply, policyOf(request));
    if (mayCompress(reply)) addVary(reply, 'accept-encoding');
  }
  stripFor(reply, status);
  setState(reply, 'decided');
  settingsOf(request.server).record(eventType(status), source);
  reply.code(status).send();
  return true;
}
