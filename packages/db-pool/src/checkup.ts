import type { Core } from './core.ts';
import type { CloseReason } from './events.ts';
import type { Session } from './session.ts';
import { answers, cleaned } from './upkeep.ts';

/** Sessions that are asked whether they live, or brought back to a clean state; they return to the queue by themselves. */
export class Checkup {
  running = 0;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  ping(session: Session): void {
    const core = this.#core;
    core.counters.pings += 1;
    this.#check(session, answers(session, core.settings.pingTimeoutMs), (ok) => {
      if (ok) return undefined;
      core.counters.pingFailures += 1;
      // One connection that does not answer says something about all of them.
      core.suspicion += 1;
      return 'ping';
    });
  }

  clean(session: Session): void {
    this.#check(session, cleaned(session, this.#core.settings), (ok) => (ok ? undefined : 'reset'));
  }

  #check(session: Session, work: Promise<boolean>, verdict: (ok: boolean) => CloseReason | undefined): void {
    this.running += 1;
    void work.then((ok) => {
      this.running -= 1;
      const reason = session.lost === undefined ? verdict(ok) : 'lost';
      if (reason === undefined) this.#core.offer(session);
      else {
        this.#core.discard(session, reason);
        // It may have been discarded when it was lost: one less is on its way, whoever waits needs another.
        this.#core.pulse();
      }
    });
  }
}
