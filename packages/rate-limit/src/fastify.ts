import type { FastifyPluginAsync, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
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

  const charge = (request: FastifyRequest, route: Exclude<RouteRateLimit, false>): Promise<Decision> => {
    const { limiter: routeLimiter = limiter, key: routeKey = key, cost: routeCost = cost } = route;
    const consume = (name: string): Promise<Decision> => {
      const units = typeof routeCost === 'function' ? routeCost(request) : routeCost;
      return units === 1 ? routeLimiter.consume(name) : routeLimiter.consume(name, { cost: units });
    };
    const name = routeKey(request);
    return typeof name === 'string' ? consume(name) : Promise.resolve(name).then(consume);
  };
  const ask = (request: FastifyRequest, route: RouteRateLimit): Promise<Decision | undefined> | undefined => {
    // Two plugins, or a route inside an encapsulated one: a request is counted once.
    if (route === false || request.rateLimit !== null) return undefined;
    const skipped = skip?.(request) ?? false;
    if (typeof skipped === 'boolean') return skipped ? undefined : charge(request, route);
    return Promise.resolve(skipped).then((yes) => (yes ? undefined : charge(request, route)));
  };
  const deny = (reply: FastifyReply, decision: Decision): void => {
    const problem = rateLimitProblem(decision);
    reply.code(problem.status).type('application/problem+json');
    // As bytes: to text Fastify would add a charset, which this media type does not have.
    reply.send(encoder.encode(JSON.stringify(problem)));
  };

  // With a callback, not a promise of its own: this stands before every request.
  app.addHook(hook, (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => {
    const fail = (error: unknown): void => done(error as Error);
    const route = request.routeOptions.config.rateLimit ?? {};
    const answer = (decision: Decision | undefined): void => {
      if (decision === undefined) {
        done();
        return;
      }
      try {
        request.rateLimit = decision;
        const { rules } = (route !== false && route.limiter) || limiter;
        const fields = rateLimitHeaders(decision, rules, headerOptions);
        for (const name of Object.keys(fields)) reply.header(name, fields[name]);
      } catch (error) {
        fail(error);
        return;
      }
      if (decision.allowed) done();
      else if (onDenied === undefined) deny(reply, decision);
      else
        Promise.resolve(decision)
          .then((denied) => onDenied(request, reply, denied))
          .catch(fail);
    };
    let asked: Promise<Decision | undefined> | undefined;
    try {
      asked = ask(request, route);
    } catch (error) {
      fail(error);
      return;
    }
    if (asked === undefined) done();
    else asked.then(answer, fail);
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
