/** Sessions that are active, one for each connected device; the others have ended. */
const activeSessions = 10_000;
/** The table as it is while turns run. */
export const rowsUnderLoad = 50_000;
/** The table as it is when the plan of the lookup is looked at: 2 % active. */
export const rowsOfPlan = 500_000;

/** The tables of the chat platform. Sessions 1 to 10,000 are active; session n belongs to device n of app n % apps. */
export const schema = (apps: number): string => `
  CREATE TABLE apps (id int PRIMARY KEY, org_id int NOT NULL);
  CREATE TABLE chat_sessions (
    id                int PRIMARY KEY,
    app_id            int NOT NULL,
    device_id         text NOT NULL,
    status            text NOT NULL,
    turns             int NOT NULL DEFAULT 0,
    last_activity_at  timestamptz NOT NULL
  );
  CREATE TABLE llm_usage (app_id int NOT NULL, org_id int NOT NULL, tokens int NOT NULL);
  CREATE UNLOGGED TABLE tool_results (id uuid PRIMARY KEY, result text NOT NULL);
  CREATE TABLE notes (task text NOT NULL);
  INSERT INTO apps SELECT n, n % 7 FROM generate_series(0, ${apps} - 1) AS n;
  ${insertSessions(apps, 1, rowsUnderLoad)}
  CREATE FUNCTION expire_sessions() RETURNS int LANGUAGE sql AS $$
    WITH expired AS (
      UPDATE chat_sessions SET status = 'expired'
      WHERE status = 'idle' AND last_activity_at < now() - interval '30 minutes' RETURNING 1)
    SELECT count(*)::int FROM expired $$;
  ANALYZE;
`;

export const insertSessions = (apps: number, from: number, to: number): string => `
  INSERT INTO chat_sessions
    SELECT n, n % ${apps}, 'device-' || n, CASE WHEN n <= ${activeSessions} THEN 'active' ELSE 'ended' END, 0,
      now() - n * interval '1 millisecond'
    FROM generate_series(${from}, ${to}) AS n;`;

export const reuseIndex = 'chat_sessions_reuse';

/** What the migration did: only active sessions are in it, so it stays as small as they are few. */
export const createReuseIndex = `CREATE INDEX IF NOT EXISTS ${reuseIndex}
  ON chat_sessions (app_id, device_id, last_activity_at) WHERE status = 'active'`;
export const dropReuseIndex = `DROP INDEX IF EXISTS ${reuseIndex}`;

export const statements = {
  FindActiveSession: `SELECT id, turns FROM chat_sessions
    WHERE app_id = $1 AND device_id = $2 AND status = 'active' ORDER BY last_activity_at DESC LIMIT 1`,
  GetOrgByApp: 'SELECT org_id FROM apps WHERE id = $1',
  InsertUsage: 'INSERT INTO llm_usage (app_id, org_id, tokens) VALUES ($1, $2, $3)',
  TouchSession: 'UPDATE chat_sessions SET turns = turns + 1, last_activity_at = now() WHERE id = $1',
  StoreToolResult: 'INSERT INTO tool_results (id, result) VALUES ($1, $2) ON CONFLICT DO NOTHING',
  FindToolResult: 'SELECT result FROM tool_results WHERE id = $1',
  ExpireSessions: 'SELECT expire_sessions() AS expired',
};

export type StatementName = keyof typeof statements;
