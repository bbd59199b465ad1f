import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatHttpDate } from '../http-date.ts';
import { failedStrip } from '../http-semantics.ts';
import { notModifiedStrip } from '../not-modified-headers.ts';
import { type Current, lastModifiedMs } from '../preconditions.ts';
import { mergeVary } from '../vary.ts';
import type { RoutePolicy } from './options.ts';

/** Sets what the route says, `private` for a request with `Authorization`, and overrides nothing that is there. */
export function applyPolicy(request: FastifyRequest, reply: FastifyReply, policy: RoutePolicy): void {
  for (const [name, value] of policy.headers) {
    if (name === 'vary') addVary(reply, value);
    else if (!reply.hasHeader(name)) reply.header(name, value);
  }
  if (reply.hasHeader('cache-control')) return;
  const fallback = request.headers.authorization === undefined ? policy.cacheControl : 'private';
  const value = policy.ownCacheControl ?? fallback;
  if (value !== undefined && value !== '') reply.header('cache-control', value);
}

export function describeCurrent(reply: FastifyReply, current: Current): void {
  if (current.etag !== undefined && !reply.hasHeader('etag')) reply.header('etag', current.etag);
  const modified = lastModifiedMs(current.lastModified);
  if (!Number.isNaN(modified) && !reply.hasHeader('last-modified')) {
    reply.header('last-modified', formatHttpDate(modified));
  }
}

export function addVary(reply: FastifyReply, names: string): void {
  reply.header('vary', mergeVary(reply.getHeader('vary'), names));
}

/** Turns what was prepared into a 304, or into a 412 or 416 that no cache takes for the 200. */
export function stripFor(reply: FastifyReply, status: 304 | 412 | 416): void {
  // One by one: mostly there is nothing to remove, and a copy of all fields costs more than these looks.
  for (const name of status === 304 ? notModifiedStrip : failedStrip)
    if (reply.hasHeader(name)) reply.removeHeader(name);
  if (status === 304 && reply.hasHeader('last-modified') && reply.hasHeader('etag')) {
    reply.removeHeader('last-modified');
  }
}

/** @fastify/compress acts on this reply, or may: its bytes are not yet those that will be sent. */
export const mayCompress = (reply: FastifyReply): boolean =>
  typeof (reply as { compress?: unknown }).compress === 'function';
