import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Decision } from './decision.ts';
import { type HeaderOptions, rateLimitHeaders } from './headers.ts';
import { ipKey } from './ip-key.ts';
import type { RateLimiter } from './limiter.ts';
import { rateLimitProblem } from './problem.ts';
import { shown } from './rules.ts';

export interface RateLimitPluginOptions {
  /** Limits every route that does not say otherwise. Whoever made it closes it. */
  limiter: RateLimiter;
  /** Whom a request is counted for; default `ipKey(request.ip)`. */
  key?: ((request: FastifyRequest) => string | Promise<string>) | undefined;
  /** Units of a request; default 1. */
  cost?: number | ((request: FastifyRequest) => number) | undefined;
  /** Requests that are neither counted nor limited, e.g. health checks. */
  skip?: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined;
  /** Where in the request's life: `onRequest` (default) before the body is read, `preHandler` when the user is known. */
  hook?: 'onRequest' | 'preHandler' | undefined;
  /** Which header fields to send; default those of the IETF draft-11. `false` sends none but `Retry-After`. */
  headers?: HeaderOptions['style'] | HeaderOptions | undefined;
  /** Answers a denied request in place of the problem document; must send or throw. */
  onDenied?: ((request: FastifyRequest, reply: FastifyReply, decision: Decision) => unknown) | undefined;
}

/** `config.rateLimit` of a route: `false`, or what differs from the plugin's options. */
export type RouteRateLimit = false | Partial<Pick<RateLimitPluginOptions, 'limiter' | 'key' | 'cost'>>;

declare module 'fastify' {
  interface FastifyRequest {
    /** The decision of the rate limiter; null before it was asked and where it was not. */
    rateLimit: Decision | null;
  }
  interface FastifyContextConfig {
    rateLimit?: RouteRateLimit;
  }
}

const encoder = new TextEncoder();

const byIp = (request: FastifyRequest): string => ipKey(request.ip);

const plugin: FastifyPluginAsync<RateLimitPluginOptions> = async (app, options) => {
  const { limiter, key = byIp, cost = 1, skip, hook = 'onRequest', headers = 'draft-11', onDenied } = options;
  if (typeof (limiter as RateLimiter | undefined)?.consume !== 'function') {
    throw new TypeError(`limiter: expected a limiter of createRateLimiter, got ${shown(limiter)}`);
  }
  if (hook !== 'onRequest' && hook !== 'preHandler')
    throw new RangeError(`hook: expected onRequest or preHandler, got ${shown(hook)}`);
  const headerOptions: HeaderOptions = typeof headers === 'object' ? headers : { style: headers };

  if (!app.hasRequestDecorator('rateLimit')) app.decorateRequest('rateLimit', null);

  app.addHook(hook, async (request, reply) => {
    const route = request.routeOptions.config.rateLimit;
    // Two plugins, or a route inside an encapsulated one: a request is counted once.
    if (route === false || request.rateLimit !== null) return undefined;
    if (skip !== undefined && (await skip(request))) return undefined;
    const { limiter: routeLimiter = limiter, key: routeKey = key, cost: routeCost = cost } = route ?? {};
    const units = typeof routeCost === 'function' ? routeCost(request) : routeCost;
    const decision = await routeLimiter.consume(await routeKey(request), { cost: units });
    request.rateLimit = decision;
    reply.headers(rateLimitHeaders(decision, routeLimiter.rules, headerOptions));
    if (decision.allowed) return undefined;
    if (onDenied !== undefined) {
      await onDenied(request, reply, decision);
      return reply;
    }
    const problem = rateLimitProblem(decision);
    // As bytes: to text Fastify would add a charset, which this media type does not have.
    return reply
      .code(problem.status)
      .type('application/problem+json')
      .send(encoder.encode(JSON.stringify(problem)));
  });
};

/**
 * Limits the routes of a Fastify application: `app.register(rateLimitPlugin, { limiter })`. Counts before the body is read,
 * sends the header fields on every answer, denies with 429 and a problem document (503 where the limiter is `closed`).
 * Routes differ by `config.rateLimit`. The decision is at `request.rateLimit`.
 * @throws {TypeError | RangeError} (from `register`) An option is wrong; the message names it.
 */
export const rateLimitPlugin: FastifyPluginAsync<RateLimitPluginOptions> = Object.assign(plugin, {
  // What fastify-plugin sets: the hooks apply to the routes beside the plugin, not only inside it.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@corral/rate-limit',
  [Symbol.for('plugin-meta')]: { name: '@corral/rate-limit', fastify: '>=5' },
});

export default rateLimitPlugin;
