/**
 * The work of a flight did not settle within `timeoutMs`. Every caller that still waited got this very error, the
 * flight's signal is aborted with it, the key is free, and whatever the work brings later is dropped.
 */
export class FlightTimeoutError extends Error {
  override readonly name = 'FlightTimeoutError';
  readonly code = 'ERR_FLIGHT_TIMEOUT' as const;
  /** How long the flight was given, in milliseconds. */
  readonly timeoutMs: number;
  /** How many callers the flight has had. */
  readonly callers: number;
  /** The flight's key. Not enumerable: keys may be secrets, and errors end up in logs. */
  declare readonly key: unknown;

  constructor(key: unknown, timeoutMs: number, callers: number) {
    super(`the work did not settle within ${timeoutMs} ms (${callers} ${callers === 1 ? 'caller' : 'callers'})`);
    this.timeoutMs = timeoutMs;
    this.callers = callers;
    Object.defineProperty(this, 'key', { value: key });
  }
}
