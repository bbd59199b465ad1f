import type { FastifyRequest } from 'fastify';
import { type CacheDirectives, cacheControlText } from '../cache-control.ts';
import type { ComputeEtagOptions } from '../compute-etag.ts';
import type { EtagEvent } from '../events.ts';
import type { Current } from '../preconditions.ts';

/** For `etagPlugin`; each route may say otherwise in its config. */
export interface EtagPluginOptions {
  /** Tag every 2xx answer to GET, HEAD and QUERY whose body is a string or bytes; default `true`. Streams are never touched. */
  auto?: boolean | undefined;
  /** Make these tags weak, for a proxy that compresses; default `false` (with @fastify/compress they are weak anyway). */
  weak?: boolean | undefined;
  /** As in `computeEtag`. */
  length?: ComputeEtagOptions['length'];
  /** As in `computeEtag`. */
  hash?: ComputeEtagOptions['hash'];
  /** For 2xx answers to GET, HEAD and QUERY that set none; a request with `Authorization` gets `private` instead. Default: none. */
  cacheControl?: CacheDirectives | string | undefined;
  /** Called for each answer that was decided here. What it throws is dropped. */
  onEvent?: ((event: EtagEvent) => void) | undefined;
}

/** `config: { etag }` of a route; `false` makes no tag there. */
export interface EtagRouteConfig {
  /**
   * The validators of what the handler would answer with 2xx, from versions alone. Runs after the route's own preHandler
   * hooks, so an answer never goes past an authentication; a 304 or 412 is then sent and the handler does not run. `undefined` decides nothing.
   */
  version?: ((request: FastifyRequest) => Current | undefined | null | Promise<Current | undefined | null>) | undefined;
  /** As in the plugin's options, whose value is the default. */
  auto?: boolean | undefined;
  /** As in the plugin's options, whose value is the default. */
  weak?: boolean | undefined;
  /** For this route, `Authorization` or not. */
  cacheControl?: CacheDirectives | string | undefined;
  /** Fields of the 200 that a 304 sent before the handler must carry too, e.g. `vary`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** What counts for one route. */
export interface RoutePolicy {
  readonly auto: boolean;
  readonly weak: boolean;
  readonly length: ComputeEtagOptions['length'];
  readonly hash: ComputeEtagOptions['hash'];
  readonly version: NonNullable<EtagRouteConfig['version']> | undefined;
  readonly cacheControl: string | undefined;
  /** The route's own; unlike the plugin's it also counts for a request with `Authorization`. */
  readonly ownCacheControl: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

/** @throws {TypeError | RangeError} An option is wrong. */
export function pluginPolicy(options: EtagPluginOptions): RoutePolicy {
  const { auto = true, weak = false, length, hash, cacheControl, onEvent } = options;
  expectType('auto', auto, 'boolean');
  expectType('weak', weak, 'boolean');
  expectType('hash', hash, 'function');
  expectType('onEvent', onEvent, 'function');
  if (length !== undefined && !(Number.isInteger(length) && length >= 8 && length <= 43)) {
    throw new RangeError(`length: expected an integer from 8 to 43, got ${String(length)}`);
  }
  const policy = { auto, weak, length, hash, version: undefined, ownCacheControl: undefined, headers: [] };
  return { ...policy, cacheControl: policyText('cacheControl', cacheControl) };
}

/** @throws {TypeError | RangeError} The route's config is wrong. */
export function routePolicy(base: RoutePolicy, config: EtagRouteConfig | false | undefined): RoutePolicy {
  if (config === undefined) return base;
  if (config === false) return { ...base, auto: false };
  expectType('config.etag', config, 'object');
  const { version, auto = base.auto, weak = base.weak, cacheControl, headers = {} } = config;
  expectType('config.etag.version', version, 'function');
  expectType('config.etag.auto', auto, 'boolean');
  expectType('config.etag.weak', weak, 'boolean');
  expectType('config.etag.headers', headers, 'object');
  const fields = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of fields) expectType(`config.etag.headers.${name}`, value, 'string');
  const ownCacheControl = policyText('config.etag.cacheControl', cacheControl);
  return { ...base, version, auto, weak, ownCacheControl, headers: fields };
}

function policyText(name: string, value: CacheDirectives | string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') expectType(name, value, 'object');
  return cacheControlText(value);
}

function expectType(name: string, value: unknown, type: 'boolean' | 'function' | 'object' | 'string'): void {
  if (value === undefined || (typeof value === type && value !== null)) return;
  throw new TypeError(
    `${name}: expected ${type === 'object' ? 'an' : 'a'} ${type}, got ${value === null ? 'null' : typeof value}`,
  );
}
