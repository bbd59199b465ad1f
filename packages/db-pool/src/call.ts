import type { QueryConfig, QueryResult } from 'pg';
import type { Core } from './core.ts';
import { start } from './execute.ts';
import type { Job, Session } from './session.ts';
import type { Receiver } from './waiter.ts';

/** What a call may take. */
export interface CallLimits {
  readonly signal: AbortSignal | undefined;
  /** As the caller said; and when that is over. */
  readonly timeoutMs: number;
  readonly endsAtMs: number;
}

type Resolve = (result: QueryResult) => void;
type Reject = (error: unknown) => void;

/** One `pool.query` on its way: waits for a session, then for its answer. One object for both, since thousands may wait. */
export class Call implements Receiver, Job {
  readonly text: string | QueryConfig;
  readonly values: unknown[] | undefined;
  readonly resolve: Resolve;
  readonly reject: Reject;
  /** Who must be released when the answer is there. */
  session: Session | undefined;
  readonly #core: Core;
  readonly #limits: CallLimits;

  constructor(core: Core, query: Pick<Job, 'text' | 'values'>, limits: CallLimits, resolve: Resolve, reject: Reject) {
    this.text = query.text;
    this.values = query.values;
    this.resolve = resolve;
    this.reject = reject;
    this.#core = core;
    this.#limits = limits;
  }

  grant(session: Session): void {
    this.session = session;
    const { statementMs, now } = this.#core;
    const { signal, timeoutMs, endsAtMs } = this.#limits;
    const leftMs = endsAtMs === Infinity ? Infinity : endsAtMs - now();
    start(session, this, {
      signal,
      timeoutMs: Math.min(statementMs, leftMs),
      statedMs: Math.min(statementMs, timeoutMs),
    });
  }

  fail(error: unknown): void {
    this.reject(error);
  }
}
