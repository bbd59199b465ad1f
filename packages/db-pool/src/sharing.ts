import type { QueryConfig } from 'pg';
import type { Session } from './session.ts';

/** Which sessions carry several autocommit statements at once, and where there is room for one more. */
export class Sharing {
  readonly #depth: number;
  readonly #sessions: Session[] = [];

  constructor(depth: number) {
    this.#depth = depth;
  }

  start(session: Session): void {
    session.sharers = 1;
    session.stalled = false;
    this.#sessions.push(session);
  }

  /** The least loaded session with room, one sharer heavier; undefined: there is none. */
  join(): Session | undefined {
    let best: Session | undefined;
    for (const session of this.#sessions) {
      const load = Math.max(session.sharers, session.inFlight);
      if (load >= this.#depth || session.stalled || session.lost !== undefined) continue;
      if (best === undefined || load < Math.max(best.sharers, best.inFlight)) best = session;
    }
    if (best) best.sharers += 1;
    return best;
  }

  /** One sharer less. True: that was the last one, the session is free. */
  leave(session: Session): boolean {
    session.sharers -= 1;
    if (session.sharers > 0) return false;
    session.sharers = 0;
    this.#sessions.splice(this.#sessions.indexOf(session), 1);
    return true;
  }
}

const LEADING_COMMENTS = /^(?:\s+|--[^\n]*\n|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*/;
const PLAIN = /^(?:select|insert|update|delete|merge|values|table|with)\b/i;

/**
 * May this statement share a connection? Only a single statement that reads or writes rows: BEGIN, SET, LISTEN and their like
 * would change the session under its neighbours. When in doubt it gets a connection of its own.
 */
export function isSharable(query: string | QueryConfig): boolean {
  const text = typeof query === 'string' ? query : query.text;
  if (typeof text !== 'string' || typeof (query as { submit?: unknown }).submit === 'function') return false;
  if (typeof query !== 'string' && 'rows' in query) return false;
  const start = LEADING_COMMENTS.exec(text)?.[0].length ?? 0;
  return PLAIN.test(text.slice(start, start + 16)) && !text.slice(start).includes(';');
}
