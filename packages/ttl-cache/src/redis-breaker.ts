/** What is known of a server's answering. Pure: the steps below make the next state from the last. */
export interface Breaker {
  /** Calls without an answer since the last answer. */
  readonly silent: number;
  /** Probes without an answer since it opened; undefined while closed. */
  readonly probes: number | undefined;
}

/** One slow answer is an accident, three in a row are an outage. */
const tolerated = 2;
const firstProbeMs = 100;
const longestProbeMs = 1_000;

export const closedBreaker: Breaker = { silent: 0, probes: undefined };

export const isOpen = ({ probes }: Breaker): boolean => probes !== undefined;

/** A call was not answered in time. */
export function unanswered({ silent, probes }: Breaker): Breaker {
  return { silent: silent + 1, probes: probes ?? (silent >= tolerated ? 0 : undefined) };
}

/** A call was answered in time: one in flight from before the opening does not close it, a probe does. */
export function answered(breaker: Breaker): Breaker {
  return isOpen(breaker) ? breaker : closedBreaker;
}

/** The client says itself that it has no connection. */
export function disconnected(breaker: Breaker): Breaker {
  return { silent: breaker.silent, probes: breaker.probes ?? 0 };
}

export function probeFailed(breaker: Breaker): Breaker {
  return { ...breaker, probes: (breaker.probes ?? 0) + 1 };
}

/** How long to wait before the next probe. */
export function probeDelayMs({ probes = 0 }: Breaker): number {
  return Math.min(longestProbeMs, firstProbeMs * 2 ** probes);
}
