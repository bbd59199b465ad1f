import type { FastifyInstance, FastifyPluginCallback, FastifyReply } from 'fastify';
import { onSend } from './fastify/on-send.ts';
import type { EtagPluginOptions, EtagRouteConfig } from './fastify/options.ts';
import { checkPreconditions, sendRepresentation } from './fastify/reply-methods.ts';
import { type EtagStats, installSettings, kState, settingsOf } from './fastify/state.ts';
import { addVersionCheck, checkEarlierRoutes } from './fastify/version-check.ts';
import type { Current } from './preconditions.ts';
import type { Representation } from './representation.ts';

export type { EtagPluginOptions, EtagRouteConfig, EtagStats };

declare module 'fastify' {
  interface FastifyContextConfig {
    etag?: EtagRouteConfig | false;
  }
  interface FastifyReply {
    /**
     * Sends a representation made by `createRepresentation`, or the 304, 412, 206 or 416 that the request asks for. Fields set on the reply
     * before stay, `Vary` is merged. In an async handler: `return reply.sendRepresentation(...)`.
     */
    sendRepresentation(representation: Representation): this;
    /**
     * Evaluates the request's preconditions against `current`; call it before the work is done. True: the 304 or 412 has been sent,
     * `return reply`. False: go on; a GET, HEAD or QUERY gets `ETag` and `Last-Modified` from `current` if it ends with 2xx.
     */
    checkPreconditions(current: Current): boolean;
  }
  interface FastifyInstance {
    /** A snapshot of what the nearest `etagPlugin` decided so far. */
    etagStats(): EtagStats;
  }
}

/**
 * Entity-tags, 304 and 412 for Fastify 5. Acts on the context in which it is registered and on all contexts within,
 * wherever their routes are declared: at the root, on the whole app. Registered again in an inner context, its options count there instead.
 * @throws {TypeError | RangeError} A wrong option, or a second registration in the very same context.
 */
export const etagPlugin: FastifyPluginCallback<EtagPluginOptions> = (instance, options, done) => {
  try {
    install(instance, options);
    done();
  } catch (error) {
    done(error as Error);
  }
};

function install(instance: FastifyInstance, options: EtagPluginOptions): void {
  const inherited = installSettings(instance, options);
  const earlierRoutes = hasRoutes(instance);
  settingsOf(instance).routesDiffer = earlierRoutes;
  if (inherited) return; // the hooks of the outer context read the inner settings
  instance.decorate('etagStats', function etagStats(this: FastifyInstance) {
    return settingsOf(this).stats();
  });
  instance.decorateReply(kState, null);
  instance.decorateReply('sendRepresentation', function send(this: FastifyReply, representation: Representation) {
    return sendRepresentation(this, representation);
  });
  instance.decorateReply('checkPreconditions', function check(this: FastifyReply, current: Current) {
    return checkPreconditions(this, current);
  });
  instance.addHook('onRoute', function onRoute(this: FastifyInstance, route) {
    addVersionCheck(this, route);
  });
  if (earlierRoutes) instance.addHook('preHandler', checkEarlierRoutes);
  instance.addHook('onSend', onSend);
}

/** Whether the app has routes that passed no onRoute hook of ours; without any, no request pays for the look at them. */
function hasRoutes(instance: FastifyInstance): boolean {
  return instance.printRoutes() !== emptyTree;
}
const emptyTree = '(empty tree)';

// What the package fastify-plugin sets: the hooks act on the registering context, not on one of their own.
Object.assign(etagPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@corral/etag',
  [Symbol.for('plugin-meta')]: { name: '@corral/etag', fastify: '5.x' },
});

export default etagPlugin;
