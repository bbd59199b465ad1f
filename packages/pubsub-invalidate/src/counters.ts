import type { GapReason } from './events.ts';

/** Everything a bus counts. Counters never fall and are never reset. */
export interface BusStats {
  /** Hints and results that the broker confirmed. */
  readonly published: number;
  /** Messages they were packed into. */
  readonly messagesSent: number;
  readonly publishFailures: number;
  readonly publishRetries: number;
  /** Messages of other buses that were handed on. */
  readonly delivered: number;
  /** The own messages that came back. */
  readonly suppressed: number;
  /** Messages with a number that was seen before, or that came after its loss was noticed. */
  readonly duplicates: number;
  readonly beatsReceived: number;
  readonly sessions: number;
  readonly overflows: number;
  readonly listenerErrors: number;
  readonly gaps: Readonly<Record<GapReason, number>>;
  /** Gauges. */
  readonly queue: number;
  readonly queueHighWater: number;
  readonly publishers: number;
  readonly channels: number;
  readonly pendingWaiters: number;
}

export type Counters = {
  -readonly [Name in Exclude<keyof BusStats, 'gaps' | 'queue' | 'publishers' | 'channels' | 'pendingWaiters'>]: number;
} & { gaps: Record<GapReason, number> };

export function makeCounters(): Counters {
  return {
    published: 0,
    messagesSent: 0,
    publishFailures: 0,
    publishRetries: 0,
    delivered: 0,
    suppressed: 0,
    duplicates: 0,
    beatsReceived: 0,
    sessions: 0,
    overflows: 0,
    listenerErrors: 0,
    queueHighWater: 0,
    gaps: {
      'first-subscribe': 0,
      reconnect: 0,
      sequence: 0,
      silence: 0,
      overflow: 0,
      undecodable: 0,
      'unknown-kind': 0,
      trimmed: 0,
    },
  };
}
