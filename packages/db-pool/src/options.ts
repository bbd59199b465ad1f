import type { ClientConfig, QueryResult, QueryResultRow } from 'pg';
import type { Backoff } from './backoff.ts';
import type { PoolListener } from './events.ts';

/** What `onConnect` and a `reset` function get: the new or returning connection, not yet lent to anyone. */
export interface Setup {
  query<Row extends QueryResultRow = QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
}

export interface PoolOptions {
  /** A connection string or what `new pg.Client()` takes. `password` may be an async function: it is asked for every connect. */
  connection: string | ClientConfig;
  /** For events and, unless the connection names one, `application_name`. */
  name?: string | undefined;
  /** Connections kept open. Default 10. */
  size?: number | undefined;
  /** Further connections while callers wait; closed when nobody does. Default 10. */
  overflow?: number | undefined;
  /** The head of the queue waits so long before an overflow connection is opened: for short statements waiting is cheaper. Default 50. */
  overflowAfterMs?: number | undefined;
  /** Opened at start and kept whatever the idle time. Default 0. */
  minIdle?: number | undefined;
  /** From `acquire()` to the connection in hand: queue, connect, ping and repeats, one deadline. Default 5_000. */
  acquireTimeoutMs?: number | undefined;
  /** One attempt to connect, `onConnect` included. Default 3_000. */
  connectTimeoutMs?: number | undefined;
  /** More waiting callers than this get `PoolFullError` at once. Default 10_000. */
  maxWaiting?: number | undefined;
  /** Ask the server before a connection is lent: `true`, when it was idle for 500 ms; `'always'`; never. Default `true`. */
  prePing?: boolean | 'always' | { idleMs?: number | undefined; timeoutMs?: number | undefined } | undefined;
  /** Connections are replaced at this age. Default 3_600_000. */
  recycleMs?: number | undefined;
  /** 0..1: up to that share earlier, at random. Default 0.1. */
  recycleJitter?: number | undefined;
  /** Idle connections above `minIdle` are closed after this time. Default 600_000. */
  idleTimeoutMs?: number | undefined;
  /** Between two borrowers. `tx`: roll back what is open. `clean`: also settings, LISTEN, advisory locks, temporary tables. `discard`: DISCARD ALL. Default `tx`. */
  reset?: 'tx' | 'clean' | 'discard' | ((connection: Setup) => Promise<unknown>) | undefined;
  /** Limits kept by the server; behind `pooler`, by SET LOCAL in transactions and by cancel requests elsewhere. Default: the server's own. */
  timeouts?:
    | { statementMs?: number | undefined; idleInTransactionMs?: number | undefined; lockMs?: number | undefined }
    | undefined;
  /** `pgbouncer-transaction`: nothing is sent that lives longer than a transaction. Default `none`. */
  pooler?: 'none' | 'pgbouncer-transaction' | undefined;
  /** Several autocommit `query()` share a connection, up to `depth` under way on each. Cursors need a pool without it. Default `false`. */
  pipeline?: false | { depth: number } | undefined;
  /** A connection held longer than `warnMs` is reported once. Default 30_000 and `sample`: one stack each 10 ms, so all of a quiet pool; every one after the first leak. */
  leak?: { warnMs?: number | undefined; stacks?: 'always' | 'sample' | 'never' | undefined } | undefined;
  /** An acquire inside `use` or `tx` of the same pool. Default `warn`. One that would deadlock fails whatever this says. */
  nested?: 'error' | 'warn' | 'allow' | undefined;
  /** Between attempts to connect while the server is away. Default 20 to 250. */
  backoff?: { minMs?: number | undefined; maxMs?: number | undefined } | undefined;
  /** Prepares each new connection. An SQL error in it fails the callers that wait: it would fail for ever. */
  onConnect?: ((connection: Setup) => Promise<unknown>) | undefined;
  /** Monotonic milliseconds. Default `performance.now`. */
  now?: (() => number) | undefined;
  onEvent?: PoolListener | undefined;
}

/** The options with every default in place and every value checked. */
export interface Settings {
  connection: ClientConfig;
  name: string;
  size: number;
  overflow: number;
  overflowAfterMs: number;
  minIdle: number;
  acquireTimeoutMs: number;
  connectTimeoutMs: number;
  maxWaiting: number;
  pingAfterIdleMs: number;
  pingTimeoutMs: number;
  recycleMs: number;
  recycleJitter: number;
  idleTimeoutMs: number;
  reset: 'tx' | 'clean' | 'discard' | ((connection: Setup) => Promise<unknown>);
  statementMs: number;
  idleInTransactionMs: number;
  lockMs: number;
  bouncer: boolean;
  depth: number;
  leakWarnMs: number;
  stacks: 'always' | 'sample' | 'never';
  nested: 'error' | 'warn' | 'allow';
  backoff: Backoff;
  onConnect: ((connection: Setup) => Promise<unknown>) | undefined;
  now: () => number;
  onEvent: PoolListener | undefined;
}
