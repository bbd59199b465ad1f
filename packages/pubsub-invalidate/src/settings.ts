import { checkCount, checkFunction, checkMs, checkName } from './check.ts';
import type { BusEvent } from './events.ts';
import type { Transport } from './transport.ts';

/** For `createBus`. */
export interface BusOptions {
  /** One transport for one bus. */
  readonly transport: Transport;
  /** Who shares it hears each other; it is part of every channel's name. */
  readonly namespace: string;
  /** Milliseconds between heartbeats (1_000). A lost message is noticed within three. `Infinity`: none, numbers alone. */
  readonly heartbeatMs?: number | undefined;
  /** Milliseconds between pings on the subscriber's connection (1_000); `Infinity`: none. */
  readonly pingMs?: number | undefined;
  /** Milliseconds that a ping, or one attempt to publish, may take (2_000). */
  readonly pingTimeoutMs?: number | undefined;
  /** Milliseconds after which an unconfirmed publish rejects (10_000). */
  readonly publishRetryMs?: number | undefined;
  /** Milliseconds after which `start()` rejects (10_000). */
  readonly startTimeoutMs?: number | undefined;
  readonly batch?:
    | {
        /** Milliseconds to gather before a batch leaves; 0 (default): what one turn of the event loop published. */
        readonly maxDelayMs?: number | undefined;
        /** Items that may wait (8_192); a topic that asks for more collapses to "everything changed". */
        readonly maxQueue?: number | undefined;
        /** Items in one batch (1_000). */
        readonly maxBatch?: number | undefined;
      }
    | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Told of every state, gap, retry and error, synchronously; what it throws is dropped. */
  readonly onEvent?: ((event: BusEvent) => void) | undefined;
}

export interface Settings {
  readonly transport: Transport;
  readonly namespace: string;
  readonly heartbeatMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly publishRetryMs: number;
  readonly startTimeoutMs: number;
  readonly maxDelayMs: number;
  readonly maxQueue: number;
  readonly maxBatch: number;
  readonly tickMs: number;
  readonly now: () => number;
  readonly onEvent: ((event: BusEvent) => void) | undefined;
}

/** Defaults and checks; every message names the option and its value. */
export function readSettings(options: BusOptions): Settings {
  const { transport, namespace, heartbeatMs = 1_000, pingMs = 1_000, pingTimeoutMs = 2_000 } = options;
  const { publishRetryMs = 10_000, startTimeoutMs = 10_000, batch = {} } = options;
  const { maxDelayMs = 0, maxQueue = 8_192, maxBatch = 1_000 } = batch;
  const { now = () => performance.now(), onEvent } = options;
  if (typeof transport?.connect !== 'function' || typeof transport.publish !== 'function') {
    throw new TypeError('transport: expected a transport, for example redisTransport({ client })');
  }
  checkMs('pingTimeoutMs', pingTimeoutMs);
  checkMs('heartbeatMs', heartbeatMs, { infinite: true });
  return {
    transport,
    namespace: checkName('namespace', namespace),
    heartbeatMs,
    pingMs: checkMs('pingMs', pingMs, { infinite: true }),
    pingTimeoutMs,
    connectTimeoutMs: Math.max(3_000, pingTimeoutMs),
    publishRetryMs: checkMs('publishRetryMs', publishRetryMs, { infinite: true }),
    startTimeoutMs: checkMs('startTimeoutMs', startTimeoutMs, { infinite: true }),
    maxDelayMs: checkMs('batch.maxDelayMs', maxDelayMs, { zero: true }),
    maxQueue: checkCount('batch.maxQueue', maxQueue),
    maxBatch: checkCount('batch.maxBatch', maxBatch),
    tickMs: Math.min(Math.max(heartbeatMs / 4, 5), 250),
    now: checkFunction('now', now),
    onEvent: checkFunction('onEvent', onEvent),
  };
}
