/** Returns `value`, or throws a `RangeError` that names the option. Milliseconds must be above 0; `Infinity` where `infinite` allows it. */
export function checkMs(
  name: string,
  value: number,
  { infinite = false, zero = false }: { infinite?: boolean; zero?: boolean } = {},
): number {
  const finite = Number.isFinite(value) || (infinite && value === Infinity);
  if (typeof value === 'number' && finite && (zero ? value >= 0 : value > 0)) return value;
  const floor = zero ? 'at least 0' : 'above 0';
  throw new RangeError(
    `${name}: expected milliseconds ${floor}${infinite ? ' or Infinity' : ''}, got ${String(value)}`,
  );
}

/** Returns `value`, or throws a `RangeError` that names the option. */
export function checkCount(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${name}: expected an integer >= 1, got ${String(value)}`);
}

/** Returns `value` when it is a string that is not empty, or throws a `TypeError` that names the option. */
export function checkText(name: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${name}: expected a string that is not empty, got ${value === '' ? "''" : typeof value}`);
}

/** `checkText` for what becomes part of a channel's name: Postgres has no NUL in names. */
export function checkName(name: string, value: string): string {
  if (!checkText(name, value).includes('\0')) return value;
  throw new TypeError(`${name}: a NUL character is not allowed`);
}

/** Returns `value` when it is a function or `undefined`, or throws a `TypeError` that names the option. */
export function checkFunction<Value>(name: string, value: Value): Value {
  if (value === undefined || typeof value === 'function') return value;
  throw new TypeError(`${name}: expected a function, got ${value === null ? 'null' : typeof value}`);
}

/** Returns `value` when it is one of `allowed`, or throws a `TypeError` that names the option and what it may be. */
export function checkOneOf<Value extends string>(name: string, value: Value, allowed: readonly Value[]): Value {
  if (allowed.includes(value)) return value;
  throw new TypeError(`${name}: expected ${allowed.map((one) => `'${one}'`).join(' or ')}, got ${value}`);
}
