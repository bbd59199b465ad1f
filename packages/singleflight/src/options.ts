/** Throws unless `value` is a number of milliseconds above 0; `Infinity` is one. */
export function checkTimeoutMs(value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`timeoutMs: expected a number, got ${typeof value}`);
  if (!(value > 0)) throw new RangeError(`timeoutMs: expected milliseconds > 0 or Infinity, got ${value}`);
}

/** Throws unless `value` is one of the two things that can happen to work without callers. */
export function checkWhenAbandoned(value: unknown): asserts value is 'finish' | 'abort' {
  if (value === 'finish' || value === 'abort') return;
  throw new RangeError(`whenAbandoned: expected 'finish' or 'abort', got ${JSON.stringify(value) ?? typeof value}`);
}

/** Throws unless `value` is a function or absent. */
export function checkOnEvent(value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new TypeError(`onEvent: expected a function, got ${typeof value}`);
}
