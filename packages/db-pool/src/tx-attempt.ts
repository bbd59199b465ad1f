import type { QueryResult } from 'pg';
import type { Context } from './context.ts';
import { ConnectionLostError } from './errors.ts';
import { resolveCommit, transactionId } from './commit-status.ts';
import type { Session } from './session.ts';
import { after, settlesWithin } from './timer.ts';
import type { Tx, TxCall, TxOptions } from './tx.ts';
import { CommitUnknownError, TxAbortedError, TxTimeoutError } from './tx-errors.ts';
import { TxScope } from './tx-scope.ts';
import { cleaned } from './upkeep.ts';

const BEGIN_ATTEMPTS = 3;
/** COMMIT may take this long past the deadline: what was sent should be heard, if the server lives. */
const COMMIT_GRACE_MS = 1_000;

/** One attempt: BEGIN, the callback, COMMIT or ROLLBACK. The session is clean, or gone, when this settles. */
export async function attemptTx<T>(call: TxCall, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const { core, contexts, options, began } = call;
  const { session, controller, stop } = await begin(call);
  const scope = new TxScope({ core, contexts, session, signal: controller.signal, began, savepoints: 0 });
  const context: Context = { outer: contexts.current(), session, tx: scope };
  try {
    const result = await untilAborted(controller.signal, () => contexts.run(context, () => fn(scope)));
    const forgotten = scope.end();
    if (forgotten) throw forgotten;
    await commit(call, session, scope);
    stop();
    context.session = undefined;
    core.release(session);
    for (const hook of scope.afterCommits) runHook(call, hook);
    return result;
  } catch (error) {
    scope.end();
    stop();
    // The caller may look at the database next: the rollback comes first. A session that cannot be cleaned is thrown away.
    const clean = session.lost === undefined && (await cleaned(session, core.settings));
    if (!controller.signal.aborted) controller.abort(error);
    context.session = undefined;
    core.release(session, !clean);
    throw options.signal?.aborted === true && controller.signal.aborted ? controller.signal.reason : error;
  }
}

interface Begun {
  session: Session;
  controller: AbortController;
  stop(): void;
}

/** Borrows a connection and sends BEGIN. A connection that dies under BEGIN has lost nothing: another one is asked. */
async function begin(call: TxCall): Promise<Begun> {
  const { core, options, borrow } = call;
  const { signal, label, leakMs } = options;
  for (let attempt = 1; ; attempt += 1) {
    const timeoutMs = Math.min(core.settings.acquireTimeoutMs, Math.max(0, call.endsAtMs - core.now()));
    const session = await borrow({ signal, label, leakMs, timeoutMs });
    const guard = watch(call, session);
    try {
      await untilAborted(guard.controller.signal, () => session.query(beginSql(options, core.settings)));
      return { session, ...guard };
    } catch (error) {
      guard.stop();
      const clean = session.lost === undefined && (await cleaned(session, core.settings));
      core.release(session, !clean);
      if (!(error instanceof ConnectionLostError) || attempt >= BEGIN_ATTEMPTS) throw error;
    }
  }
}

/** The transaction's own signal: it aborts with the caller's, when the time is over, or when the connection is lost. */
function watch({ core, options, endsAtMs }: TxCall, session: Session): { controller: AbortController; stop(): void } {
  const { signal, timeoutMs = Infinity } = options;
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  const timer = after(Math.max(0, endsAtMs - core.now()), () => controller.abort(new TxTimeoutError(timeoutMs)));
  // One turn later: a statement in flight tells the callback first, and knows that it was sent.
  const onLost = () => setImmediate(() => controller.abort(new ConnectionLostError(false, session.lost)));
  session.client.once('end', onLost);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  return {
    controller,
    stop() {
      clearTimeout(timer);
      session.client.off('end', onLost);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

async function commit(call: TxCall, session: Session, scope: TxScope): Promise<void> {
  const xid = call.options.resolveCommit === true ? await transactionId(session) : undefined;
  let answer: QueryResult;
  try {
    answer = await sendCommit(call, session);
  } catch (error) {
    if (!(error instanceof ConnectionLostError) || !error.sent) throw error;
    if (call.options.resolveCommit !== true) throw new CommitUnknownError(undefined, error);
    await resolveCommit(call, xid, error);
    return;
  }
  if (answer.command === 'ROLLBACK') throw new TxAbortedError(scope.firstError);
}

/** An abort changes nothing any more; a deadline ends the wait, and then nobody knows. */
async function sendCommit(call: TxCall, session: Session): Promise<QueryResult> {
  const sent = session.query('COMMIT');
  if (call.endsAtMs === Infinity) return sent;
  const leftMs = Math.max(0, call.endsAtMs - call.core.now()) + COMMIT_GRACE_MS;
  const answered = settlesWithin(
    sent.catch(() => undefined),
    leftMs,
  );
  if (!(await answered)) {
    call.core.discard(session, 'unfinished');
    throw new ConnectionLostError(true, new TxTimeoutError(call.options.timeoutMs ?? Infinity));
  }
  return sent;
}

function runHook({ core }: TxCall, hook: () => unknown): void {
  try {
    Promise.resolve(hook()).catch((error: unknown) => core.emit({ type: 'hook-error', error }));
  } catch (error) {
    core.emit({ type: 'hook-error', error });
  }
}

/** `work`, or the signal's reason, whichever comes first. What loses the race is never an unhandled rejection. */
function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);
    const forget = () => signal.removeEventListener('abort', onAbort);
    void Promise.resolve()
      .then(work)
      .then(
        (value) => {
          forget();
          resolve(value);
        },
        (error: unknown) => {
          forget();
          reject(error);
        },
      );
  });
}

/** Behind a pooler the limits go with each transaction, in the same round trip. */
function beginSql(
  options: TxOptions,
  limits: { bouncer: boolean; statementMs: number; idleInTransactionMs: number; lockMs: number },
): string {
  const { isolation, readOnly, deferrable } = options;
  const parts = ['BEGIN'];
  if (isolation !== undefined) parts.push(`ISOLATION LEVEL ${level(isolation)}`);
  if (readOnly !== undefined) parts.push(readOnly ? 'READ ONLY' : 'READ WRITE');
  if (deferrable === true) parts.push('DEFERRABLE');
  const begin = parts.join(' ');
  if (!limits.bouncer) return begin;
  const settings: [string, number][] = [
    ['statement_timeout', limits.statementMs],
    ['idle_in_transaction_session_timeout', limits.idleInTransactionMs],
    ['lock_timeout', limits.lockMs],
  ];
  return [
    begin,
    ...settings.filter(([, ms]) => Number.isFinite(ms)).map(([name, ms]) => `SET LOCAL ${name} = ${Math.ceil(ms)}`),
  ].join('; ');
}

function level(stated: unknown): string {
  const known = ['read committed', 'repeatable read', 'serializable'];
  const isolation = known.find((one) => one === String(stated).toLowerCase());
  if (isolation === undefined) throw new TypeError(`isolation: expected ${known.join(', ')}, got ${String(stated)}`);
  return isolation.toUpperCase();
}
