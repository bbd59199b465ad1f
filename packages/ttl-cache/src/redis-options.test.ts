import { describe, expect, it } from 'vitest';
import { createRedisTier } from './redis.ts';
import { checkRedisOptions } from './redis-options.ts';

describe('the options of a Redis tier', () => {
  it('have defaults, also for an explicit undefined', () => {
    const bare = checkRedisOptions({ prefix: 'p' });

    expect(bare).toMatchObject({ prefix: 'p', timeoutMs: 250, leaseMs: undefined, onEvent: undefined });
    expect(
      checkRedisOptions({ prefix: 'p', codec: undefined, timeoutMs: undefined, lease: undefined, onEvent: undefined }),
    ).toEqual(bare);
    expect(checkRedisOptions({ prefix: 'p', lease: {} }).leaseMs).toBe(10_000);
  });

  it.each([
    [{}, TypeError, 'prefix: expected a string, got undefined'],
    [{ prefix: '' }, RangeError, 'prefix: expected 1 to 200 characters, got 0'],
    [{ prefix: 'x'.repeat(201) }, RangeError, 'prefix: expected 1 to 200 characters, got 201'],
    [{ prefix: 'a{}b' }, RangeError, 'prefix: expected no "{}", got "a{}b"'],
    [{ prefix: 'p', codec: { encode() {} } }, TypeError, 'codec: expected an object with encode and decode'],
    [{ prefix: 'p', timeoutMs: 0 }, RangeError, 'timeoutMs: expected 1 to 2147483647 milliseconds, got 0'],
    [
      { prefix: 'p', timeoutMs: Infinity },
      RangeError,
      'timeoutMs: expected 1 to 2147483647 milliseconds, got Infinity',
    ],
    [{ prefix: 'p', timeoutMs: '5' }, TypeError, 'timeoutMs: expected a number, got string'],
    [{ prefix: 'p', lease: { ttlMs: 99 } }, RangeError, 'lease.ttlMs: expected 100 to 2147483647 milliseconds, got 99'],
    [{ prefix: 'p', lease: { ttlMs: Number.NaN } }, RangeError, 'lease.ttlMs: expected 100'],
    [{ prefix: 'p', onEvent: 1 }, TypeError, 'onEvent: expected a function, got number'],
  ])('are refused: %o', (options, type, message) => {
    const check = () => checkRedisOptions(options as never);

    expect(check).toThrow(type);
    expect(check).toThrow(message);
  });

  it.each([[undefined], [null], [{}], ['redis://']])('need a client of ioredis, not %o', (client) => {
    expect(() => createRedisTier(client as never, { prefix: 'p' })).toThrow(
      /^redis: expected a Redis or Cluster of ioredis, got (undefined|null|object|string)$/,
    );
  });
});
