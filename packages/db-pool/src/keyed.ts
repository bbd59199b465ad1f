export { createKeyed } from './keyed-store.ts';
export type { Keyed, KeyedEvictReason, KeyedOptions, KeyedStats, KeyedWait, Lease } from './keyed-types.ts';
export { KeyedClosedError, KeyedFullError, KeyedTimeoutError } from './keyed-errors.ts';
