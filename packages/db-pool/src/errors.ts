import { describeHolders, type Holder } from './holders.ts';
import { summary, type PoolStats } from './stats.ts';

/** What an acquire was waiting for when its time was over. */
export type AcquirePhase = 'queue' | 'connect' | 'ping' | 'suspended';

/** No connection came free in time; the caller has left the queue. `cause` is the last connect error, if there is one. */
export class PoolAcquireTimeoutError extends Error {
  override readonly name = 'PoolAcquireTimeoutError';
  readonly code = 'ERR_POOL_ACQUIRE_TIMEOUT';
  readonly phase: AcquirePhase;
  readonly waitedMs: number;
  readonly stats: PoolStats;
  /** Who holds the connections, longest first. */
  readonly holders: readonly Holder[];

  constructor(facts: {
    phase: AcquirePhase;
    waitedMs: number;
    stats: PoolStats;
    holders: readonly Holder[];
    cause: unknown;
  }) {
    const { phase, waitedMs, stats, holders, cause } = facts;
    super(
      `no connection within ${Math.round(waitedMs)} ms (waiting for: ${phase}); ${summary(stats)}${describeHolders(holders)}`,
      cause === undefined ? undefined : { cause },
    );
    this.phase = phase;
    this.waitedMs = waitedMs;
    this.stats = stats;
    this.holders = holders;
  }
}

/** The queue holds `maxWaiting` callers; this one did not join. */
export class PoolFullError extends Error {
  override readonly name = 'PoolFullError';
  readonly code = 'ERR_POOL_FULL';
  readonly stats: PoolStats;

  constructor(stats: PoolStats) {
    super(`${stats.waiting} callers wait already (maxWaiting); ${summary(stats)}`);
    this.stats = stats;
  }
}

/** The pool is closing or closed. */
export class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError';
  readonly code = 'ERR_POOL_CLOSED';

  constructor(message = 'the pool is closed') {
    super(message);
  }
}

/** This async context holds a connection and asks for another, and every connection is held by a context that does the same. */
export class PoolDeadlockError extends Error {
  override readonly name = 'PoolDeadlockError';
  readonly code = 'ERR_POOL_DEADLOCK';
  readonly stats: PoolStats;
  readonly holders: readonly Holder[];

  constructor(reason: string, stats: PoolStats, holders: Holder[]) {
    super(`${reason}; ${summary(stats)}${describeHolders(holders)}`);
    this.stats = stats;
    this.holders = holders;
  }
}

/** The connection ended. `sent: false`: the statement never left, running it again is safe. `cause` is what the driver saw. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = 'ERR_CONNECTION_LOST';
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    super(`the connection was lost ${sent ? 'while the statement ran' : 'before the statement was sent'}${why}`, {
      cause,
    });
    this.sent = sent;
  }
}

/** A statement did not finish within `timeoutMs`; it was cancelled on the server. */
export class QueryTimeoutError extends Error {
  override readonly name = 'QueryTimeoutError';
  readonly code = 'ERR_QUERY_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`the statement did not finish within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** A connection was used after its `release()`. */
export class ConnectionReleasedError extends Error {
  override readonly name = 'ConnectionReleasedError';
  readonly code = 'ERR_CONNECTION_RELEASED';

  constructor() {
    super('this connection was given back to the pool; acquire another one');
  }
}
