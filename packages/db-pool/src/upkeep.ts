import { codeOf } from './sql-state.ts';
import type { Settings } from './options.ts';
import type { Session } from './session.ts';
import { settlesWithin } from './timer.ts';

/** How long a session may take to come to rest and be reset. After that it is thrown away: a new one is cheaper than a doubt. */
const CLEANUP_MS = 1_000;

/** DISCARD ALL without losing plans and prepared statements, which belong to the code and not to the borrower. */
const CLEAN_SQL =
  'CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES';

/** Is anything left to do before the next borrower? For most it is not, and the session changes hands without a round trip. */
export function needsCleaning(session: Session, settings: Settings): boolean {
  return settings.reset !== 'tx' || session.cancelled || !session.quiet || session.inTransaction;
}

/** Brings a returned session back to a clean state. False: it must not be used again. Never rejects. */
export function cleaned(session: Session, settings: Settings): Promise<boolean> {
  return settlesWithin(clean(session, settings), CLEANUP_MS);
}

async function clean(session: Session, settings: Settings): Promise<void> {
  session.abandon();
  await session.whenQuiet();
  if (session.cancelled) await absorbCancel(session);
  if (session.inTransaction) await session.query('ROLLBACK');
  const { reset } = settings;
  if (reset === 'discard') await session.query('DISCARD ALL');
  else if (reset === 'clean') await session.query(CLEAN_SQL);
  else if (reset !== 'tx') await reset({ query: (text, values) => session.query(text, values) as never });
  await session.whenQuiet();
  if (session.inTransaction) throw new Error('the reset left a transaction open');
}

/** Behind a pooler a cancel request may arrive late: this statement takes the blow, not the next borrower's. */
async function absorbCancel(session: Session): Promise<void> {
  session.cancelled = false;
  try {
    await session.query('SELECT 1');
  } catch (error) {
    const stray = codeOf(error) === '57014' || codeOf(error) === '25P02';
    if (!stray) throw error;
  }
}

/** Does the server answer on this session in time? Never rejects. */
export function answers(session: Session, timeoutMs: number): Promise<boolean> {
  return settlesWithin(session.query('SELECT 1'), timeoutMs);
}
