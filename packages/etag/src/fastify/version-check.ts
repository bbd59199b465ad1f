import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction, RouteOptions } from 'fastify';
import type { Current } from '../preconditions.ts';
import type { EtagRouteConfig } from './options.ts';
import { decide } from './reply-methods.ts';
import { policyOf, settingsOf } from './state.ts';

/** Marks the config of a route whose preHandler hooks end with `checkVersion`. */
const kChecked: unique symbol = Symbol('corral.etag.checked');
type RouteConfig = { etag?: EtagRouteConfig | false; [kChecked]?: true };

const hasVersion = (config: RouteConfig | undefined): boolean =>
  typeof config?.etag === 'object' && config.etag?.version !== undefined;

/** An onRoute hook: the check becomes the last preHandler of the route, behind its authentication. */
export function addVersionCheck(instance: FastifyInstance, route: RouteOptions): void {
  const { config } = route;
  if (config?.etag === undefined) return;
  const settings = settingsOf(instance);
  settings.routesDiffer = true;
  settings.policyFor(config); // a wrong config fails here, when the route is declared
  if (!hasVersion(config)) return;
  route.config = { ...config, [kChecked]: true } as never;
  route.preHandler = [...[route.preHandler ?? []].flat(), checkVersion];
}

/**
 * A preHandler hook of the instance, for routes that were declared before the plugin was loaded (`register` without
 * `await` loads it later). Those routes passed no onRoute hook, and this hook runs before their own preHandlers. To answer here would
 * go past an authentication, so the check moves to the end of the route's hooks, once, and this very request meets it there too.
 */
export function checkEarlierRoutes(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const config = request.routeOptions.config as RouteConfig | undefined;
  if (!hasVersion(config) || config![kChecked] === true) return done();
  const hooks = preHandlersOf(request);
  if (hooks === undefined) return checkVersion(request, reply, done);
  config![kChecked] = true;
  hooks.push(checkVersion);
  done();
}

type PreHandler = typeof checkVersion;

/** The route's own list of hooks. Fastify has no public way to it; where its shape is another, there is no list. */
function preHandlersOf(request: FastifyRequest): PreHandler[] | undefined {
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'fastify.context');
  const context = key === undefined ? undefined : (request as unknown as Record<symbol, unknown>)[key];
  const hooks = (context as { preHandler?: unknown } | undefined)?.preHandler;
  return Array.isArray(hooks) ? (hooks as PreHandler[]) : undefined;
}

/** Sends the 304 or 412 that the route's version calls for, or lets the handler run. */
export function checkVersion(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  try {
    const version = policyOf(request).version!(request);
    if (isPromise(version)) {
      void checkLater(reply, version, done);
      return;
    }
    if (!goesOn(reply, version)) return;
  } catch (error) {
    return done(error as Error);
  }
  done();
}

async function checkLater(
  reply: FastifyReply,
  version: PromiseLike<Current | undefined | null>,
  done: HookHandlerDoneFunction,
): Promise<void> {
  try {
    if (!goesOn(reply, await version)) return;
  } catch (error) {
    return done(error as Error);
  }
  done();
}

const goesOn = (reply: FastifyReply, current: Current | undefined | null): boolean =>
  current === undefined || current === null || !decide(reply, current, 'version');

type Version = ReturnType<NonNullable<EtagRouteConfig['version']>>;
const isPromise = (value: Version): value is Exclude<Version, Current | null | undefined> =>
  typeof value === 'object' && value !== null && 'then' in value;
