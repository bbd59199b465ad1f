import type { BusState, GapReason } from './events.ts';

/** What `bus.health()` answers. */
export interface BusHealth {
  /** `live`: everything is heard. `suspect`: a message may be missed right now. `down`: not connected, and an attempt has failed. */
  readonly state: BusState;
  /** Milliseconds in this state. */
  readonly sinceMs: number;
  /** The last ping on the subscriber's connection. */
  readonly rttMs?: number;
  /** Publish to delivery, measured on the own heartbeat's way through the broker: no clock skew. */
  readonly lagMs: { readonly p50: number; readonly p99: number };
  readonly gaps: Record<GapReason, number>;
  readonly queue: number;
  readonly pendingWaiters: number;
}

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
