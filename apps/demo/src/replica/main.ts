// A replica: one process, one HTTP server on a free port of 127.0.0.1, one composition of one scenario.
import fastify, { type FastifyInstance } from 'fastify';
import { serveParent } from '../run/child-side.ts';
import type { BuildReplica, ReplicaPart, ReplicaStart } from './contract.ts';

/** A replica loads what its own scenario needs, and no more. */
const builders: Record<string, () => Promise<BuildReplica<never>>> = {
  'config-cache': async () => (await import('../scenarios/config-cache/replica.ts')).buildConfigCache,
  'agent-identity': async () => (await import('../scenarios/agent-identity/replica.ts')).buildAgentIdentity,
  'response-cache': async () => (await import('../scenarios/response-cache/replica.ts')).buildResponseCache,
  'cache-aside': async () => (await import('../scenarios/cache-aside/replica.ts')).buildCacheAside,
  'ten-thousand-sessions': async () => (await import('../scenarios/ten-thousand-sessions/app/worker.ts')).buildWorker,
  'ten-thousand-sessions/upstream': async () =>
    (await import('../scenarios/ten-thousand-sessions/upstream/upstream.ts')).buildUpstream,
};

let app: FastifyInstance | undefined;
let part: ReplicaPart | undefined;

async function start(options: ReplicaStart<never>): Promise<{ port: number }> {
  const load = builders[options.scenario];
  if (load === undefined)
    throw new Error(`scenario: expected one of ${Object.keys(builders).join(', ')}, got ${options.scenario}`);
  const build = await load();
  app = fastify({ forceCloseConnections: true });
  part = await build(app, options);
  const address = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return { port: Number(new URL(address).port) };
}

serveParent(
  {
    start,
    counts: () => part?.counts() ?? {},
    held: () => part?.held?.(),
    stats: () => part?.stats() ?? {},
    command: ({ name, payload }: { name: string; payload: never }) => part?.commands?.[name]?.(payload),
  },
  async () => {
    await app?.close();
    await part?.close();
  },
);
