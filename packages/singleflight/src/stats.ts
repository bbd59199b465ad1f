/**
 * Counters since creation, and one gauge. Every flight ends in exactly one way, so
 * `started = succeeded + failed + timedOut + inFlight`, plus `abandoned` when `whenAbandoned` is `'abort'`;
 * the number of successes is what remains.
 */
export interface SingleflightStats {
  /** Flights: how often work was called. */
  readonly started: number;
  /** Callers that shared a flight which ran already. `started + joined` is the number of calls, less those aborted before. */
  readonly joined: number;
  /** Flights whose work threw or rejected in time. */
  readonly failed: number;
  /** Flights that `timeoutMs` ended. */
  readonly timedOut: number;
  /** Flights that all callers left before the end. */
  readonly abandoned: number;
  /** Flights taken off their key by `forget` or `clear`. */
  readonly forgotten: number;
  /** Flights that have not ended, the forgotten ones among them. */
  readonly inFlight: number;
}
