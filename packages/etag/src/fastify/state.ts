import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type EtagEvent, publish } from '../events.ts';
import type { Current } from '../preconditions.ts';
import {
  type EtagPluginOptions,
  type EtagRouteConfig,
  pluginPolicy,
  type RoutePolicy,
  routePolicy,
} from './options.ts';

/** Counts since the plugin was loaded; never reset. */
export interface EtagStats {
  /** 2xx answers to GET, HEAD and QUERY that were sent in full or in part. */
  readonly full: number;
  readonly notModified: number;
  /** 304s sent before the handler ran. */
  readonly beforeHandler: number;
  readonly preconditionFailed: number;
  /** Bytes of bodies that 304s did not send, where they were known. */
  readonly savedBytes: number;
}

const kSettings: unique symbol = Symbol('corral.etag.settings');
/** Decorates each reply: the validators that `version` gave, or `decided` when nothing is left to do. */
export const kState: unique symbol = Symbol('corral.etag.state');
export type ReplyState = Current | 'decided' | null;

/** What one registration of the plugin holds. */
export class Settings {
  readonly policy: RoutePolicy;
  /** False: no route has a config of its own, so none is looked up for each request. */
  routesDiffer = false;
  readonly #onEvent: EtagPluginOptions['onEvent'];
  readonly #policies = new WeakMap<object, RoutePolicy>();
  readonly #counts = { full: 0, notModified: 0, beforeHandler: 0, preconditionFailed: 0, savedBytes: 0 };

  constructor(options: EtagPluginOptions) {
    this.policy = pluginPolicy(options);
    this.#onEvent = options.onEvent;
  }

  policyFor(config: { etag?: EtagRouteConfig | false | undefined } | undefined): RoutePolicy {
    if (config?.etag === undefined) return this.policy;
    let policy = this.#policies.get(config);
    if (policy === undefined) {
      policy = routePolicy(this.policy, config.etag);
      this.#policies.set(config, policy);
    }
    return policy;
  }

  record(type: EtagEvent['type'], source: EtagEvent['source'], savedBytes = 0): void {
    const counts = this.#counts;
    if (type === 'not-modified') {
      counts.notModified++;
      counts.savedBytes += savedBytes;
      if (source === 'version') counts.beforeHandler++;
    } else if (type === 'precondition-failed') counts.preconditionFailed++;
    else if (type !== 'range-not-satisfiable') counts.full++;
    publish(type, source, savedBytes);
    if (this.#onEvent === undefined) return;
    try {
      this.#onEvent(Object.freeze({ type, source, savedBytes }));
    } catch {
      // A listener that throws breaks no answer.
    }
  }

  stats(): EtagStats {
    return Object.freeze({ ...this.#counts });
  }
}

type Holder = { [kSettings]?: Settings };

/** Of the nearest registration: that of this context, else of the ones around it. */
export const settingsOf = (instance: FastifyInstance): Settings => (instance as unknown as Holder)[kSettings]!;

/** @returns Whether a context around this one has the plugin already. @throws {TypeError} This very context has it. */
export function installSettings(instance: FastifyInstance, options: EtagPluginOptions): boolean {
  const holder = instance as unknown as Holder;
  if (Object.hasOwn(holder, kSettings)) throw new TypeError('etagPlugin: registered twice in one Fastify context');
  const inherited = holder[kSettings] !== undefined;
  holder[kSettings] = new Settings(options);
  return inherited;
}

export function policyOf(request: FastifyRequest): RoutePolicy {
  const settings = settingsOf(request.server);
  return settings.routesDiffer ? settings.policyFor(request.routeOptions.config) : settings.policy;
}

type Decorated = { [kState]: ReplyState };

export const stateOf = (reply: FastifyReply): ReplyState => (reply as unknown as Decorated)[kState];

export function setState(reply: FastifyReply, state: ReplyState): void {
  (reply as unknown as Decorated)[kState] = state;
}
