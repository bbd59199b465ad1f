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
  const { signal, timeoutMs, statedMs } = limits;
  if (signal === undefined && timeoutMs === Infinity) return session.query(text, values);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const job: Job = {
      text,
      values,
      resolve(result) {
        settle();
        resolve(result);
      },
      reject(error) {
        settle();
        reject(error);
      },
    };
    const leave = (reason: unknown) => {
      job.reject(reason);
      session.interrupt(job);
    };
    const onAbort = () => leave(signal?.reason);
    const timer = after(Math.max(0, timeoutMs), () => leave(new QueryTimeoutError(statedMs)));
    signal?.addEventListener('abort', onAbort);
    session.submit(job);
  });
}
