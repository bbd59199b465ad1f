import { BusCore } from './core.ts';
import type { BusHealth, BusStats } from './counters.ts';
import type { BusOptions } from './settings.ts';

/** The connection of one process to all others that share its namespace. */
export interface Bus extends AsyncDisposable {
  /** Random for each bus; with a message's epoch and number it makes a loss visible. */
  readonly id: string;
  /**
   * Opens the session and resolves when it works: every topic so far is acknowledged and, over Postgres, what the
   * publisher sends comes back. More calls wait for the same; an abort ends only that caller's wait.
   * @throws {BusStartError} Not within `startTimeoutMs`, or the listener is deaf (a pooler). The bus goes on trying until `close()`.
   * @throws {BusClosedError} The bus is closed.
   */
  start(options?: { signal?: AbortSignal }): Promise<void>;
  /** What a readiness probe asks for. Cheap; a fresh object each time. */
  health(): BusHealth;
  /** Frozen counters and gauges. */
  stats(): BusStats;
  /**
   * Takes nothing new, sends what is queued and a goodbye for at most `drainMs` (1_000), rejects who still waits, lets
   * go of its connections. Idempotent; clients that were given stay open.
   */
  close(options?: { drainMs?: number }): Promise<void>;
}

/** The way from a `Bus` to its inside, for invalidators and inboxes; survives a process that loaded this package twice (ESM and CJS). */
const CORE: unique symbol = Symbol.for('corral.pubsub-invalidate.core') as never;

/**
 * Makes a bus over `transport`. Every process that shares `namespace` (and transport) hears the others.
 * Nothing is opened before `start()`.
 * @throws {TypeError | RangeError} An option is wrong; the message names it.
 */
export function createBus(options: BusOptions): Bus {
  const core = new BusCore(options);
  const bus: Bus & { [CORE]: BusCore } = {
    [CORE]: core,
    id: core.id,
    start: (startOptions) => core.start(startOptions?.signal),
    health: () => core.health(),
    stats: () => core.stats(),
    close: (closeOptions) => core.close(closeOptions?.drainMs),
    [Symbol.asyncDispose]: () => core.close(),
  };
  Object.defineProperty(bus, CORE, { enumerable: false });
  return Object.freeze(bus);
}

export function coreOf(bus: Bus): BusCore {
  const core = (bus as Partial<Record<typeof CORE, BusCore>> | undefined)?.[CORE];
  if (!core) throw new TypeError('bus: expected a bus made by createBus');
  return core;
}
