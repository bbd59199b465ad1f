import type { KeyedOptions } from './keyed-types.ts';

export type KeyedSettings<Input, Client> = {
  [Option in keyof KeyedOptions<Input, Client>]-?: Exclude<KeyedOptions<Input, Client>[Option], undefined>;
};

/** Checks every option. @throws {TypeError|RangeError} naming option and value. */
export function keyedSettings<Input, Client>(options: KeyedOptions<Input, Client>): KeyedSettings<Input, Client> {
  const { key, create, dispose, max = 1_000, maxWaiting = 10_000, idleMs = 600_000, maxAgeMs = Infinity } = options;
  const { acquireTimeoutMs = 30_000, onEvict = () => undefined, onDisposeError = () => undefined } = options;
  const { now = () => performance.now() } = options;
  for (const [name, value] of Object.entries({ key, create, dispose, onEvict, onDisposeError, now })) {
    if (typeof value !== 'function') throw new TypeError(`${name}: expected a function, got ${String(value)}`);
  }
  for (const [name, value, least] of [
    ['max', max, 1],
    ['maxWaiting', maxWaiting, 0],
  ] as const) {
    if (value !== Infinity && !(Number.isSafeInteger(value) && value >= least)) {
      throw new RangeError(`${name}: expected an integer >= ${least}, got ${String(value)}`);
    }
  }
  for (const [name, value] of Object.entries({ idleMs, maxAgeMs, acquireTimeoutMs })) {
    if (typeof value !== 'number' || !(value >= 0))
      throw new RangeError(`${name}: expected milliseconds >= 0, got ${String(value)}`);
  }
  return { key, create, dispose, max, maxWaiting, idleMs, maxAgeMs, acquireTimeoutMs, onEvict, onDisposeError, now };
}
