import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Statements } from '../../db/statements.ts';
import type { AgentConnection } from './identity.ts';
import type { ConnectRow, StatementName } from './schema.ts';

export interface Connections {
  /** The connection of `socket`. @throws {Error} with status 401: it was never set up. */
  of(socket: Socket): AgentConnection;
  readonly size: number;
  /** Of these, how many know whom they serve. */
  readonly populated: number;
}

/**
 * `POST /agents/connect` sets a connection up: the token is checked, which reads the agent's row anyway. `populate`
 * decides what the connection keeps of it; what is kept lives exactly as long as the connection.
 */
export function addConnectRoute(
  app: FastifyInstance,
  db: Statements<StatementName>,
  populate: (connection: AgentConnection, row: ConnectRow) => void,
): Connections {
  const open = new Map<Socket, AgentConnection>();

  app.post('/agents/connect', async ({ headers, socket }, reply) => {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    const [row] = await db.run<ConnectRow>('GetWorkspaceAgentByToken', [token]);
    if (row === undefined) return reply.code(401).send({ error: 'unknown token' });
    const connection: AgentConnection = { agentId: row.id };
    populate(connection, row);
    open.set(socket, connection);
    socket.once('close', () => open.delete(socket));
    return { agentId: row.id };
  });

  return {
    of: (socket) => {
      const connection = open.get(socket);
      if (connection === undefined) throw Object.assign(new Error('connect first'), { statusCode: 401 });
      return connection;
    },
    get size() {
      return open.size;
    },
    get populated() {
      return [...open.values()].filter(({ agent }) => agent !== undefined).length;
    },
  };
}
