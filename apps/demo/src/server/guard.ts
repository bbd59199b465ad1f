import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const ownNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Why a request is refused, if it is. Every request has to name this machine (a foreign name that was made to resolve
 * to it is refused); one that changes something needs the run's token and the page's own origin.
 */
export function refusalOf(method: string, headers: IncomingHttpHeaders, token: string): string | undefined {
  const host = headers.host ?? '';
  if (!ownNames.has(host.replace(/:\d+$/, '')))
    return `host: expected 127.0.0.1 or localhost, got ${host.slice(0, 100)}`;
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (headers.origin !== `http://${host}`) return 'origin: only the page itself may do this';
  const given = headers['x-corral-token'];
  if (typeof given !== 'string' || !isSame(given, token)) return 'token: the run has another one; reload the page';
  return undefined;
}

function isSame(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
