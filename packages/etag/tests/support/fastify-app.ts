import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import { etagPlugin, type EtagPluginOptions } from '../../src/fastify.ts';

/** An app with the plugin, loaded before its routes are declared. */
export async function appWith(
  routes: (app: FastifyInstance) => void,
  options: EtagPluginOptions = {},
): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(etagPlugin, options);
  routes(app);
  return app;
}

export function get(
  app: FastifyInstance,
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' = 'GET',
): Promise<LightMyRequestResponse> {
  return app.inject({ method, url, headers });
}
