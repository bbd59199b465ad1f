import type { Holder } from './holders.ts';
import type { Session } from './session.ts';

/** Why a connection was closed. */
export type CloseReason =
  | 'lost'
  | 'expired'
  | 'idle'
  | 'overflow'
  | 'invalidated'
  | 'ping'
  | 'reset'
  | 'released-with-error'
  | 'unfinished'
  | 'closed';

/** What a pool tells its listener. Keys and values of queries never appear. */
export type PoolEvent =
  | { type: 'connect'; pid: number | null; ms: number }
  | { type: 'connect-error'; error: Error; failures: number; retryInMs: number }
  | { type: 'close'; pid: number | null; reason: CloseReason }
  | { type: 'lost'; pid: number | null; error: Error }
  | { type: 'up' }
  | { type: 'down'; error: Error }
  | { type: 'acquire-timeout'; error: Error }
  | { type: 'leak'; holder: Holder }
  | { type: 'nested-acquire'; holder: Holder }
  | { type: 'hook-error'; error: unknown }
  | { type: 'retry'; attempt: number; delayMs: number; error: unknown };

/** Who wants to see the driver's clients come and go. */
export interface SessionObserver {
  opened(session: Session): void;
  removed(session: Session): void;
  lost(session: Session, error: Error): void;
}

export type PoolListener = (event: PoolEvent) => void;

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** Tells `onEvent` and the diagnostics channel `corral:db-pool`; a throwing listener breaks nothing. */
export function createEmitter(pool: string, onEvent: PoolListener | undefined): PoolListener {
  const channel = diagnosticsChannel('corral:db-pool');
  return (event) => {
    if (channel?.hasSubscribers) channel.publish({ pool, ...event });
    if (!onEvent) return;
    try {
      onEvent(event);
    } catch {
      // The listener's own trouble: a pool does not fail because somebody watches it.
    }
  };
}

function diagnosticsChannel(name: string): Channel | undefined {
  return globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')?.channel(name);
}
