import { describe, expect, it } from 'vitest';
import { createSingleflight } from './index.ts';

describe('options', () => {
  it.each([
    [{ timeoutMs: 0 }, RangeError, 'timeoutMs: expected milliseconds > 0 or Infinity, got 0'],
    [{ timeoutMs: Number.NaN }, RangeError, 'timeoutMs: expected milliseconds > 0 or Infinity, got NaN'],
    [{ timeoutMs: '5' }, TypeError, 'timeoutMs: expected a number, got string'],
    [{ whenAbandoned: 'kill' }, RangeError, `whenAbandoned: expected 'finish' or 'abort', got "kill"`],
    [{ whenAbandoned: Symbol.iterator }, RangeError, `whenAbandoned: expected 'finish' or 'abort', got symbol`],
    [{ onEvent: {} }, TypeError, 'onEvent: expected a function, got object'],
  ])('refuses %o', (options, type, message) => {
    const create = () => createSingleflight(options as never);

    expect(create).toThrow(type);
    expect(create).toThrow(message);
  });

  it('takes an explicit undefined for the default', () => {
    expect(() =>
      createSingleflight({ timeoutMs: undefined, whenAbandoned: undefined, onEvent: undefined }),
    ).not.toThrow();
  });
});
