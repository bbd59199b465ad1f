import type { Core } from './core.ts';
import { fitness } from './fitness.ts';
import { holderOf } from './holders.ts';
import { tickMs } from './interval.ts';

/** Closes what is too old or idle for too long, refills to `minIdle`, reports leaks. One unref'd timer for a pool. */
export function startHousekeeper(core: Core): () => void {
  const { idleTimeoutMs, recycleMs, leakWarnMs } = core.settings;
  const timer = setInterval(() => tick(core), tickMs([idleTimeoutMs, recycleMs, leakWarnMs]));
  timer.unref?.();
  return () => clearInterval(timer);
}

export function tick(core: Core): void {
  const nowMs = core.now();
  retireIdle(core, nowMs);
  reportLeaks(core, nowMs);
  core.pulse();
}

function retireIdle(core: Core, nowMs: number): void {
  const { idleTimeoutMs, minIdle } = core.settings;
  const demands = { epoch: core.epoch, suspicion: core.suspicion, pingAfterIdleMs: Infinity };
  // Oldest first: the top of the stack is in use, the bottom is what nobody needs.
  for (const session of core.idle.slice()) {
    const unfit = fitness(session, demands, nowMs) === 'discard';
    const unneeded = nowMs - session.idleSinceMs >= idleTimeoutMs && core.sessions.size > minIdle;
    if (!unfit && !unneeded) continue;
    core.idle.splice(core.idle.indexOf(session), 1);
    core.discard(session, unfit ? 'expired' : 'idle');
  }
}

function reportLeaks(core: Core, nowMs: number): void {
  for (const session of core.sessions) {
    const dueMs = session.loan.leakMs ?? core.settings.leakWarnMs;
    if (!session.held || session.leakReported || nowMs - session.heldSinceMs < dueMs) continue;
    session.leakReported = true;
    core.counters.leaks += 1;
    core.emit({ type: 'leak', holder: holderOf(session, nowMs) });
  }
}
