/** `start()` could not bring up a session that works within `startTimeoutMs`. The bus goes on trying until it is closed. */
export class BusStartError extends Error {
  override readonly name = 'BusStartError';
  readonly code = 'ERR_BUS_START';
  readonly transport: string;

  constructor(transport: string, detail: string, cause?: unknown) {
    super(`bus over ${transport} did not start: ${detail}`, { cause });
    this.transport = transport;
  }
}

/**
 * The broker did not confirm a publish within `publishRetryMs`. The own replica has applied it. A hint stays queued
 * and leaves as soon as the broker answers; an inbox result is dropped.
 */
export class BusPublishError extends Error {
  override readonly name = 'BusPublishError';
  readonly code = 'ERR_BUS_PUBLISH';
  readonly channel: string;
  readonly waitedMs: number;

  constructor(channel: string, waitedMs: number, detail: string, cause?: unknown) {
    super(`publish on ${channel} was not confirmed after ${Math.round(waitedMs)} ms: ${detail}`, { cause });
    this.channel = channel;
    this.waitedMs = waitedMs;
  }
}

/** The bus, or the topic, was closed before or during the call. */
export class BusClosedError extends Error {
  override readonly name = 'BusClosedError';
  readonly code = 'ERR_BUS_CLOSED';

  constructor(message = 'the bus is closed') {
    super(message);
  }
}

/** An attempt on the network took longer than its deadline; the connection behind it is given up. */
export class BusDeadlineError extends Error {
  override readonly name = 'BusDeadlineError';
  readonly code = 'ERR_BUS_DEADLINE';
  readonly deadlineMs: number;

  constructor(what: string, deadlineMs: number) {
    super(`${what} got no answer within ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}

/** COMMIT was answered by ROLLBACK: a statement had failed and its error was swallowed. Nothing was written, nothing published. */
export class TransactionRolledBackError extends Error {
  override readonly name = 'TransactionRolledBackError';
  readonly code = 'ERR_TX_ROLLED_BACK';

  constructor() {
    super('COMMIT was answered by ROLLBACK: a statement of this transaction failed before, and its error was caught');
  }
}

/** `waitFor` waited `timeoutMs` without a result. The waiter is gone; a late result is dropped after `earlyMs`. */
export class InboxTimeoutError extends Error {
  override readonly name = 'InboxTimeoutError';
  readonly code = 'ERR_INBOX_TIMEOUT';
  readonly id: string;
  readonly timeoutMs: number;

  constructor(id: string, timeoutMs: number) {
    super(`no result for ${shorten(id)} within ${timeoutMs} ms`);
    this.id = id;
    this.timeoutMs = timeoutMs;
  }
}

/** `maxPending` promises are waiting already; this one was not registered. */
export class InboxFullError extends Error {
  override readonly name = 'InboxFullError';
  readonly code = 'ERR_INBOX_FULL';
  readonly maxPending: number;

  constructor(maxPending: number) {
    super(`the inbox holds its maximum of ${maxPending} pending waiters`);
    this.maxPending = maxPending;
  }
}

/** The inbox or its bus was closed while the promise waited. */
export class InboxClosedError extends Error {
  override readonly name = 'InboxClosedError';
  readonly code = 'ERR_INBOX_CLOSED';

  constructor() {
    super('the inbox is closed');
  }
}

/** The result was larger than the transport carries, and the waiter has no `check` that could fetch it. */
export class InboxResultSizeError extends Error {
  override readonly name = 'InboxResultSizeError';
  readonly code = 'ERR_INBOX_RESULT_SIZE';
  readonly id: string;

  constructor(id: string) {
    super(
      `the result for ${shorten(id)} is too large for the transport: give waitFor a \`check\` that reads it from its store`,
    );
    this.id = id;
  }
}

/** The producer rejected the call; `code` and `message` are the producer's. */
export class InboxRejectedError extends Error {
  override readonly name = 'InboxRejectedError';
  readonly code: string;
  readonly id: string;

  constructor(id: string, code: string, message: string) {
    super(message);
    this.code = code;
    this.id = id;
  }
}

const shorten = (id: string): string => (id.length > 100 ? `${id.slice(0, 100)}...` : id);
