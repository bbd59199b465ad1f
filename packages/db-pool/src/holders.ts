import type { Session } from './session.ts';
import { withoutLiterals } from './sql-state.ts';

/** Who holds one connection at this moment. */
export interface Holder {
  readonly label?: string;
  /** Held for so many milliseconds. */
  readonly sinceMs: number;
  /** `running`: a statement runs. `transaction`: none runs, but one is open. `idle`: held for nothing. */
  readonly state: 'idle' | 'running' | 'transaction';
  /** The running, or the last, statement: literals blanked, at most 200 characters. */
  readonly query?: string;
  /** Where it was acquired, if that was captured (see `leak.stacks`). */
  readonly stack?: string;
}

/** One connection's holder. */
export function holderOf(session: Session, nowMs: number): Holder {
  const { label, origin } = session.loan;
  const stack = origin?.stack;
  return {
    sinceMs: nowMs - session.heldSinceMs,
    state: session.running ? 'running' : session.inTransaction ? 'transaction' : 'idle',
    ...(label !== undefined && { label }),
    ...(session.lastText !== undefined && { query: withoutLiterals(session.lastText) }),
    ...(stack !== undefined && { stack: callSite(stack) }),
  };
}

/** All holders, longest first. */
export function holdersOf(sessions: Iterable<Session>, nowMs: number): Holder[] {
  const holders: Holder[] = [];
  for (const session of sessions) if (session.held) holders.push(holderOf(session, nowMs));
  return holders.sort((a, b) => b.sinceMs - a.sinceMs);
}

const FRESH_MS = 5;

/** The holders, looked up once for all who ask within 5 ms: when a server freezes, thousands reach their deadline in one moment. */
export class RecentHolders {
  #list: readonly Holder[] = [];
  #untilMs = -Infinity;

  of(sessions: Iterable<Session>, nowMs: number): readonly Holder[] {
    if (nowMs >= this.#untilMs) {
      this.#list = Object.freeze(holdersOf(sessions, nowMs));
      this.#untilMs = nowMs + FRESH_MS;
    }
    return this.#list;
  }
}

const TOP = 3;

/** For an error message: who has held a connection longest. */
export function describeHolders(holders: readonly Holder[]): string {
  const lines = holders.slice(0, TOP).map(({ label = 'unlabelled', sinceMs, state, query }) => {
    return `\n  held for ${Math.round(sinceMs)} ms by ${label}, ${state}${query === undefined ? '' : `: ${query}`}`;
  });
  const rest = holders.length - lines.length;
  return lines.join('') + (rest > 0 ? `\n  and ${rest} more` : '');
}

/** The caller's frames of a captured stack, without the first line and without this package's own frames. */
export function callSite(stack: string): string {
  const frames = stack.split('\n').slice(1);
  return frames.join('\n').trim();
}
