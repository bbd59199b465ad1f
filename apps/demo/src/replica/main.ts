// A replica: one process, one HTTP server on a free port of 127.0.0.1, one composition of one scenario.
import fastify, { type FastifyInstance } from 'fastify';
import { serveParent } from '../run/child-side.ts';
import { buildAgentIdentity } from '../scenarios/agent-identity/replica.ts';
import { buildConfigCache } from '../scenarios/config-cache/replica.ts';
import type { BuildReplica, ReplicaPart, ReplicaStart } from './contract.ts';

const builders: Record<string, BuildReplica<never>> = {
  'config-cache': buildConfigCache,
  'agent-identity': buildAgentIdentity,
};

let app: FastifyInstance | undefined;
let part: ReplicaPart | undefined;

async function start(options: ReplicaStart<never>): Promise<{ port: number }> {
  const build = builders[options.scenario];
  if (build === undefined)
    throw new Error(`scenario: expected one of ${Object.keys(builders).join(', ')}, got ${options.scenario}`);
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
