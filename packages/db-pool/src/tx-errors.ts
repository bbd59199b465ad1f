/** The connection was lost after COMMIT was sent and before its answer: committed or not, nobody here knows. */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError';
  readonly code = 'ERR_COMMIT_UNKNOWN';
  /** For `select pg_xact_status($1::xid8)`, where the transaction had one and `resolveCommit` was set. */
  readonly transactionId: string | undefined;

  constructor(transactionId: string | undefined, cause: unknown) {
    super('the connection was lost during COMMIT; the transaction may or may not have been committed', { cause });
    this.transactionId = transactionId;
  }
}

/** COMMIT was answered by ROLLBACK: a statement had failed and the callback went on. `cause` is the first failure. */
export class TxAbortedError extends Error {
  override readonly name = 'TxAbortedError';
  readonly code = 'ERR_TX_ABORTED';

  constructor(cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    super(`COMMIT was answered by ROLLBACK, because a statement failed and the callback went on${why}`, { cause });
  }
}

/** The transaction had ended, or ended with statements still under way. Nothing was committed by this use. */
export class TxClosedError extends Error {
  override readonly name = 'TxClosedError';
  readonly code = 'ERR_TX_CLOSED';
  /** Where the transaction began. */
  readonly beganAt: string;
  /** Where it was used too late, or where the statement that nobody awaited was made. */
  readonly usedAt: string;

  constructor(message: string, beganAt: string, usedAt: string) {
    super(`${message}\n  used ${usedAt}\n  began ${beganAt}`);
    this.beganAt = beganAt;
    this.usedAt = usedAt;
  }
}

/** The transaction object was used outside its callback's async context: two tasks would share one session. */
export class TxForeignContextError extends Error {
  override readonly name = 'TxForeignContextError';
  readonly code = 'ERR_TX_FOREIGN_CONTEXT';
  readonly beganAt: string;
  readonly usedAt: string;

  constructor(beganAt: string, usedAt: string) {
    super(
      `a transaction belongs to its callback; this call comes from another async context\n  used ${usedAt}\n  began ${beganAt}`,
    );
    this.beganAt = beganAt;
    this.usedAt = usedAt;
  }
}

/** The transaction did not finish within its `timeoutMs`; it was rolled back. */
export class TxTimeoutError extends Error {
  override readonly name = 'TxTimeoutError';
  readonly code = 'ERR_TX_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`the transaction did not finish within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}
