import type { FastifyInstance } from 'fastify';
import type { Statements } from '../../db/statements.ts';
import type { Connections } from './connections.ts';
import type { IdentitySource } from './identity.ts';
import type { StatementName } from './schema.ts';

/** The four APIs that an agent calls all the time. Each needs to know whom it serves; the work itself is a write. */
export function addAgentRoutes(
  app: FastifyInstance,
  db: Statements<StatementName>,
  connections: Connections,
  identity: IdentitySource,
): void {
  app.post<{ Body: Record<string, string> }>('/agents/metadata', async ({ body, socket }) => {
    const { id, name } = await identity.agent(connections.of(socket));
    await db.run('UpdateWorkspaceAgentMetadata', [id, body, name]); // and publishes on the agent's own channel
    return { stored: Object.keys(body).length };
  });

  app.post<{ Body: Record<string, string> }>('/agents/app-health', async ({ body, socket }) => {
    const connection = connections.of(socket);
    const agent = await identity.agent(connection);
    const { id, owner_id } = await identity.workspace(connection);
    const update = JSON.stringify({ kind: 'app_health', workspaceId: id }); // a workspace update, for its owner
    await db.run('UpdateWorkspaceAppHealth', [agent.id, body, owner_id, update]);
    return { stored: Object.keys(body).length };
  });

  app.post<{ Body: object }>('/agents/stats', async ({ body, socket }) => {
    const connection = connections.of(socket);
    const agent = await identity.agent(connection);
    const workspace = await identity.workspace(connection);
    await db.run('InsertWorkspaceAgentStats', [agent.id, workspace.id, workspace.owner_id, body]);
    return { reportIntervalMs: 1_000 };
  });

  app.post<{ Body: { connection: string } }>('/agents/connections', async ({ body, socket }) => {
    const connection = connections.of(socket);
    const agent = await identity.agent(connection);
    const workspace = await identity.workspace(connection);
    await db.run('InsertConnectionLog', [workspace.name, workspace.owner_id, agent.name, body.connection]);
    return {};
  });
}
