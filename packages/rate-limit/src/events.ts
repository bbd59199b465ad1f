/** Why the shared store is not asked. */
export type DegradedReason = 'starting' | 'disconnected' | 'timeout' | 'error' | 'state-lost';

/** What a limiter tells. No event carries a key: keys may be tokens or addresses. */
export type RateLimitEvent =
  | {
      type: 'denied';
      rule: string;
      source: string;
      /** The limiter only watches: the check was let through. */ shadow: boolean;
    }
  | { type: 'degraded'; reason: DegradedReason; /** What the store said, if anything. */ message?: string }
  | { type: 'recovering'; merged: number; stateLost: boolean }
  | { type: 'recovered'; afterMs: number }
  | { type: 'keys-full'; maxKeys: number };

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

interface BuiltinLoader {
  getBuiltinModule?(name: 'node:diagnostics_channel'): { channel(name: string): Channel } | undefined;
}

/** The channel `corral:rate-limit`, where the runtime has diagnostics channels. */
const openChannel = (): Channel | undefined =>
  (globalThis as { process?: BuiltinLoader }).process
    ?.getBuiltinModule?.('node:diagnostics_channel')
    ?.channel('corral:rate-limit');

/** Sends events to one listener and to the diagnostics channel; a listener that throws breaks nothing. */
export class Emitter {
  readonly #onEvent: ((event: RateLimitEvent) => void) | undefined;
  readonly #channel: Channel | undefined = openChannel();

  constructor(onEvent: ((event: RateLimitEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  /** False when nobody listens: then no event needs to be made. Asked at every denial. */
  get active(): boolean {
    return this.#onEvent !== undefined || this.#channel?.hasSubscribers === true;
  }

  emit(event: RateLimitEvent): void {
    if (this.#onEvent !== undefined) quietly(this.#onEvent, event);
    if (this.#channel?.hasSubscribers === true) quietly((message) => this.#channel!.publish(message), event);
  }
}

function quietly(send: (event: RateLimitEvent) => void, event: RateLimitEvent): void {
  try {
    send(event);
  } catch {
    // The listener's own trouble.
  }
}
