import type { Core } from './core.ts';
import { PoolAcquireTimeoutError, type AcquirePhase } from './errors.ts';

/** Tells a caller whose time is over what it was waiting for, and who has what it wanted. */
export function acquireTimeout(core: Core, waitedMs: number): PoolAcquireTimeoutError {
  const facts = {
    phase: phaseOf(core),
    waitedMs,
    stats: core.stats(),
    holders: core.recentHolders.of(core.sessions, core.now()),
    cause: core.connector.lastError,
  };
  const error = new PoolAcquireTimeoutError(facts);
  core.emit({ type: 'acquire-timeout', error });
  return error;
}

function phaseOf({ suspended, connector, checkup, sessions }: Core): AcquirePhase {
  if (suspended) return 'suspended';
  if (connector.down || connector.connecting > 0) return 'connect';
  return checkup.running > 0 && sessions.size === checkup.running ? 'ping' : 'queue';
}
