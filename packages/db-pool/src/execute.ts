import type { QueryConfig, QueryResult } from 'pg';
import { QueryTimeoutError } from './errors.ts';
import type { Job, Session } from './session.ts';
import { after } from './timer.ts';

export interface Limits {
  signal: AbortSignal | undefined;
  /** What is left of the statement's time. */
  timeoutMs: number;
  /** What the caller asked for: for the error. */
  statedMs: number;
}

/**
 * Runs one statement on a session. Abort and time-out end the caller's wait at once; the server is asked to cancel, and the
 * session is not lent again before it has answered.
 */
export function execute(
  session: Session,
  text: string | QueryConfig,
  values: unknown[] | undefined,
  limits: Limits,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => start(session, { text, values, resolve, reject }, limits));
}

/** The same for a job that is there already: what it promises settles once. */
export function start(session: Session, job: Job, limits: Limits): void {
  if (limits.signal === undefined && limits.timeoutMs === Infinity) session.submit(job);
  else startLimited(session, job, limits);
}

function startLimited(session: Session, job: Job, { signal, timeoutMs, statedMs }: Limits): void {
  if (signal?.aborted) {
    job.reject(signal.reason);
    return;
  }
  const settle = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
  const limited: Job = {
    text: job.text,
    values: job.values,
    resolve(result) {
      settle();
      job.resolve(result);
    },
    reject(error) {
      settle();
      job.reject(error);
    },
  };
  const leave = (reason: unknown) => {
    limited.reject(reason);
    session.interrupt(limited);
  };
  const onAbort = () => leave(signal?.reason);
  const timer = after(Math.max(0, timeoutMs), () => leave(new QueryTimeoutError(statedMs)));
  signal?.addEventListener('abort', onAbort);
  session.submit(limited);
}
