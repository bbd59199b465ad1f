export { createPool } from './pool.ts';
export type { Pool, QueryOptions } from './types.ts';
export type { PoolOptions, Setup } from './options.ts';
export type { Connection, StatementOptions } from './connection.ts';
export type { Tx, TxOptions } from './tx.ts';
export type { AcquireOptions } from './waiter.ts';
export type { PoolStats } from './stats.ts';
export type { Holder } from './holders.ts';
export type { PoolEvent, PoolListener, CloseReason } from './events.ts';
export type { CapacityReport } from './validate.ts';
export type { Sizes } from './sizing.ts';
export { connectionsFor } from './sizing.ts';
export {
  ConnectionLostError,
  ConnectionReleasedError,
  PoolAcquireTimeoutError,
  PoolClosedError,
  PoolDeadlockError,
  PoolFullError,
  QueryTimeoutError,
  type AcquirePhase,
} from './errors.ts';
export {
  CommitUnknownError,
  TxAbortedError,
  TxClosedError,
  TxForeignContextError,
  TxTimeoutError,
} from './tx-errors.ts';
