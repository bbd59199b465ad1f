import type { Core } from './core.ts';
import { whole } from './settings.ts';
import { availableSlots, HEADROOM, sizesThatFit, type ServerLimits, type Sizes } from './sizing.ts';
import type { Pool } from './types.ts';

export interface CapacityReport {
  /** The fleet fits. */
  readonly ok: boolean;
  /** Connections this role can have to this database, over all processes, beside those others hold now. */
  readonly available: number;
  /** (size + overflow) x processes. */
  readonly requested: number;
  /** Sizes for each process that fit; the present ones, if they do. */
  readonly suggested: Sizes;
  readonly warnings: readonly string[];
}

interface Row {
  max_connections: number;
  reserved: number;
  role_limit: number;
  database_limit: number;
  foreign_backends: number;
  idle_in_transaction: string;
  check_interval: string | null;
  pid: number;
  role: string;
  is_superuser: boolean;
}

const SQL = `
  SELECT current_setting('max_connections')::int AS max_connections,
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
         r.rolconnlimit AS role_limit, r.rolsuper AS is_superuser, r.rolname AS role,
         d.datconnlimit AS database_limit,
         (SELECT count(*)::int FROM pg_stat_activity a
           WHERE coalesce(a.backend_type, 'client backend') = 'client backend'
             AND a.pid <> pg_backend_pid() AND NOT (a.pid = ANY ($1::int[]))
             AND a.application_name IS DISTINCT FROM current_setting('application_name')) AS foreign_backends,
         current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction,
         current_setting('client_connection_check_interval', true) AS check_interval,
         pg_backend_pid() AS pid
    FROM pg_roles r, pg_database d
   WHERE r.rolname = current_user AND d.datname = current_database()`;

/** Asks the server once and does the sum. @throws {RangeError} `processes` is no positive integer. */
export async function validateCapacity(
  pool: Pool,
  core: Core,
  { processes }: { processes: number },
): Promise<CapacityReport> {
  whole('processes', processes, 1);
  const [row, pid] = await pool.use(async (connection) => {
    const own = [...core.sessions].map((session) => session.client.processID ?? 0);
    const { rows } = await connection.query(SQL, [own]);
    return [rows[0] as Row, connection.processId] as const;
  });
  const limits: ServerLimits = {
    maxConnections: row.max_connections,
    reserved: row.reserved,
    foreign: row.foreign_backends,
    roleLimit: row.is_superuser ? -1 : row.role_limit,
    databaseLimit: row.database_limit,
  };
  const available = availableSlots(limits);
  const requested = core.capacity * processes;
  const ok = requested <= available;
  const pooled = row.pid !== pid;
  const suggested = ok ? { size: core.size, overflow: core.overflow } : sizesThatFit(available, processes);
  return Object.freeze({
    ok,
    available,
    requested,
    suggested,
    warnings: warningsOf(row, { core, processes, available, requested, suggested, pooled }),
  });
}

interface Findings {
  core: Core;
  processes: number;
  available: number;
  requested: number;
  suggested: Sizes;
  pooled: boolean;
}

function warningsOf(row: Row, found: Findings): string[] {
  const { core, processes, available, requested, suggested, pooled } = found;
  const warnings: string[] = [];
  const sum = `(${core.size} + ${core.overflow}) x ${processes} = ${requested}`;
  if (requested > available) {
    const fit =
      suggested.size * processes <= available
        ? `size ${suggested.size}, overflow ${suggested.overflow} would fit`
        : 'not even one connection for each process fits';
    warnings.push(
      `${sum} connections are requested, ${available} are available (max_connections ${row.max_connections}); ${fit}`,
    );
  } else if (requested > available * HEADROOM) {
    warnings.push(
      `${sum} connections leave less than a tenth of the ${available} available ones for migrations, consoles and other services`,
    );
  }
  if (row.role_limit >= 0 && !row.is_superuser)
    warnings.push(`role ${row.role} is limited to ${row.role_limit} connections`);
  if (row.is_superuser) warnings.push(`role ${row.role} is a superuser: it also takes the slots kept for rescue`);
  if (pooled && !core.settings.bouncer)
    warnings.push(
      "a connection pooler stands before the server; set pooler: 'pgbouncer-transaction' if it pools transactions",
    );
  if (core.settings.bouncer)
    warnings.push(
      "the pooler's own limits (max_client_conn, default_pool_size) are not visible from here; the figures are the server's",
    );
  if (row.idle_in_transaction === '0' && !Number.isFinite(core.settings.idleInTransactionMs)) {
    warnings.push(
      'idle_in_transaction_session_timeout is 0: a hung transaction holds its locks for ever; see timeouts.idleInTransactionMs',
    );
  }
  if (row.check_interval === '0') {
    warnings.push(
      'client_connection_check_interval is 0: the server notices a vanished client only when its statement ends',
    );
  }
  return warnings;
}
