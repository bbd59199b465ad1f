import { createSingleflight } from '@corral/singleflight';
import type { Statements } from '../../db/statements.ts';
import type { AgentRow, ConnectRow, StatementName, WorkspaceRow } from './schema.ts';

/** What never changes while an agent is connected. Not started-at, ready-at, log overflow: those do. */
export type StaticAgent = Pick<AgentRow, 'id' | 'name' | 'workspace_id'>;

/** One connection of an agent. Its token has been checked, so its id is known in both compositions. */
export interface AgentConnection {
  readonly agentId: number;
  /** Empty before; after, filled when the connection is set up. */
  agent?: StaticAgent;
  workspace?: WorkspaceRow;
}

/** How the four APIs learn whom they serve. */
export interface IdentitySource {
  agent(connection: AgentConnection): Promise<StaticAgent>;
  workspace(connection: AgentConnection): Promise<WorkspaceRow>;
  /** Of the fallback's flights, where there are any. */
  stats?(): Record<string, unknown>;
}

/** Before: each request asks, to learn what never changes. */
export function identityFromDatabase(db: Statements<StatementName>): IdentitySource {
  const first = async <Row>(rows: Promise<Row[]>): Promise<Row> => {
    const [row] = await rows;
    if (row === undefined) throw new Error('the agent is gone');
    return row;
  };
  return {
    agent: async ({ agentId }) => first(db.run<AgentRow>('GetWorkspaceAgentByID', [agentId])),
    workspace: async ({ agentId }) => first(db.run<WorkspaceRow>('GetWorkspaceByAgentID', [agentId])),
  };
}

/**
 * After: what the connection holds. Where it holds nothing yet, the source is asked, once for any number of requests at
 * the same time, and the answer is held from then on.
 */
export function heldIdentity(source: IdentitySource): IdentitySource {
  const agents = createSingleflight<StaticAgent, number>();
  const workspaces = createSingleflight<WorkspaceRow, number>();
  return {
    agent: async (connection) =>
      connection.agent ??
      agents.do(connection.agentId, async () => holdAgent(connection, await source.agent(connection))),
    workspace: async (connection) =>
      connection.workspace ??
      workspaces.do(connection.agentId, async () => (connection.workspace = await source.workspace(connection))),
    stats: () => ({ agents: agents.stats(), workspaces: workspaces.stats() }),
  };
}

/** The same without coalescing: what the fallback costs when the requests of an agent come together. */
export function uncoalescedIdentity(source: IdentitySource): IdentitySource {
  return {
    agent: async (connection) => connection.agent ?? holdAgent(connection, await source.agent(connection)),
    workspace: async (connection) => (connection.workspace ??= await source.workspace(connection)),
  };
}

/** Fills the connection from the row that checking its token has read anyway. */
export function populate(connection: AgentConnection, row: ConnectRow): void {
  holdAgent(connection, row);
  connection.workspace = { id: row.workspace_id, name: row.workspace_name, owner_id: row.owner_id };
}

/** Holds the static fields of a row, and no other. */
function holdAgent(connection: AgentConnection, { id, name, workspace_id }: StaticAgent): StaticAgent {
  return (connection.agent = { id, name, workspace_id });
}
