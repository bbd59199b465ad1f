import type { Session } from './session.ts';
import type { TxCall } from './tx.ts';
import { ConnectionLostError } from './errors.ts';
import { CommitUnknownError } from './tx-errors.ts';
import { after } from './timer.ts';

const POLL_MS = 50;
const PATIENCE_MS = 5_000;

/** The id of the open transaction; undefined: it has written nothing, so there is nothing to lose. */
export async function transactionId(session: Session): Promise<string | undefined> {
  const { rows } = await session.query('SELECT pg_current_xact_id_if_assigned()::text AS xid');
  const xid = (rows[0] as { xid: string | null } | undefined)?.xid;
  return xid ?? undefined;
}

/**
 * Asks the server, on another connection, what became of transaction `xid`. Returns: it was committed. Throws
 * `ConnectionLostError`: it was rolled back. Throws `CommitUnknownError`: nobody could tell in time.
 * @see https://www.postgresql.org/docs/18/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 */
export async function resolveCommit(call: TxCall, xid: string | undefined, lost: ConnectionLostError): Promise<void> {
  if (xid === undefined) return;
  const untilMs = Math.max(call.core.now() + PATIENCE_MS, Math.min(call.endsAtMs, call.core.now() + PATIENCE_MS));
  try {
    while (call.core.now() < untilMs) {
      const status = await statusOf(call, xid, untilMs - call.core.now());
      if (status === 'committed') return;
      if (status === 'aborted') throw lost;
      if (status !== 'in progress') break;
      await new Promise<void>((resolve) => {
        after(POLL_MS, resolve);
      });
    }
  } catch (error) {
    if (error === lost) throw new ConnectionLostError(true, lost.cause);
    throw new CommitUnknownError(xid, lost);
  }
  throw new CommitUnknownError(xid, lost);
}

async function statusOf(call: TxCall, xid: string, leftMs: number): Promise<string | null | undefined> {
  const session = await call.borrow({ timeoutMs: leftMs, label: 'commit status' });
  try {
    const { rows } = await session.query('SELECT pg_xact_status($1::xid8) AS status', [xid]);
    return (rows[0] as { status: string | null } | undefined)?.status;
  } finally {
    call.core.release(session);
  }
}
