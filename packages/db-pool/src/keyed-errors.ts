/** Every key of a full store stayed in use until this caller's time was over; it has left the queue. */
export class KeyedTimeoutError extends Error {
  override readonly name = 'KeyedTimeoutError';
  readonly code = 'ERR_KEYED_TIMEOUT';
  readonly waitedMs: number;

  constructor(waitedMs: number, max: number) {
    super(`all ${max} clients were in use for ${Math.round(waitedMs)} ms`);
    this.waitedMs = waitedMs;
  }
}

/** The store is full, and so is the queue in front of it. */
export class KeyedFullError extends Error {
  override readonly name = 'KeyedFullError';
  readonly code = 'ERR_KEYED_FULL';

  constructor(max: number, waiting: number) {
    super(`all ${max} clients are in use and ${waiting} callers wait already (maxWaiting)`);
  }
}

/** The store is closed. */
export class KeyedClosedError extends Error {
  override readonly name = 'KeyedClosedError';
  readonly code = 'ERR_KEYED_CLOSED';

  constructor() {
    super('the keyed store is closed');
  }
}
