/** The tables of the workspace service, with as much in them as the four APIs of an agent need. */
export const schema = (agents: number): string => `
  CREATE TABLE workspaces (
    id        int PRIMARY KEY,
    name      text NOT NULL,
    owner_id  int NOT NULL
  );
  CREATE TABLE workspace_agents (
    id               int PRIMARY KEY,
    name             text NOT NULL,
    workspace_id     int NOT NULL REFERENCES workspaces,
    auth_token       text NOT NULL UNIQUE,
    started_at       timestamptz,
    ready_at         timestamptz,
    logs_overflowed  boolean NOT NULL DEFAULT false
  );
  CREATE TABLE workspace_agent_metadata (
    agent_id  int PRIMARY KEY REFERENCES workspace_agents,
    "values"  jsonb NOT NULL
  ) WITH (fillfactor = 50);
  CREATE TABLE workspace_app_health (
    agent_id  int PRIMARY KEY REFERENCES workspace_agents,
    health    jsonb NOT NULL
  ) WITH (fillfactor = 50);
  CREATE TABLE workspace_agent_stats (agent_id int, workspace_id int, owner_id int, stats jsonb);
  CREATE TABLE connection_log (workspace_name text, owner_id int, agent_name text, connection text);
  INSERT INTO workspaces SELECT n, 'workspace-' || n, n % 50 FROM generate_series(1, ${agents}) AS n;
  INSERT INTO workspace_agents (id, name, workspace_id, auth_token, started_at)
    SELECT n, 'agent-' || n, n, 'token-' || n, now() FROM generate_series(1, ${agents}) AS n;
  INSERT INTO workspace_agent_metadata SELECT n, '{}' FROM generate_series(1, ${agents}) AS n;
  INSERT INTO workspace_app_health SELECT n, '{}' FROM generate_series(1, ${agents}) AS n;
`;

/** The first is asked once for each connection, the next two are what the story is about, the last four are the work itself. */
export const statements = {
  GetWorkspaceAgentByToken: `SELECT a.id, a.name, a.workspace_id, a.started_at, a.ready_at, a.logs_overflowed,
      w.name AS workspace_name, w.owner_id
    FROM workspace_agents a JOIN workspaces w ON w.id = a.workspace_id WHERE a.auth_token = $1`,
  GetWorkspaceAgentByID:
    'SELECT id, name, workspace_id, started_at, ready_at, logs_overflowed FROM workspace_agents WHERE id = $1',
  GetWorkspaceByAgentID:
    'SELECT w.id, w.name, w.owner_id FROM workspaces w JOIN workspace_agents a ON a.workspace_id = w.id WHERE a.id = $1',
  UpdateWorkspaceAgentMetadata: `WITH stored AS (UPDATE workspace_agent_metadata SET "values" = $2 WHERE agent_id = $1)
    SELECT pg_notify('workspace_agent_metadata:' || $1::int, $3)`,
  UpdateWorkspaceAppHealth: `WITH stored AS (UPDATE workspace_app_health SET health = $2 WHERE agent_id = $1)
    SELECT pg_notify('workspace_owner:' || $3::int, $4)`,
  InsertWorkspaceAgentStats: 'INSERT INTO workspace_agent_stats VALUES ($1, $2, $3, $4)',
  InsertConnectionLog: 'INSERT INTO connection_log VALUES ($1, $2, $3, $4)',
};

export type StatementName = keyof typeof statements;

export interface AgentRow {
  id: number;
  name: string;
  workspace_id: number;
  started_at: Date | null;
  ready_at: Date | null;
  logs_overflowed: boolean;
}

/** What checking a token reads: the agent, and its workspace with it. */
export type ConnectRow = AgentRow & { workspace_name: string; owner_id: number };

export interface WorkspaceRow {
  id: number;
  name: string;
  owner_id: number;
}
