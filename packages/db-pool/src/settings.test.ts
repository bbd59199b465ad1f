import { describe, expect, it } from 'vitest';
import { settingsOf } from './settings.ts';
import type { PoolOptions } from './options.ts';

const connection = 'postgres://user:secret@127.0.0.1:1/db';

describe('options', () => {
  it('have the defaults of the contract', () => {
    expect(settingsOf({ connection })).toMatchObject({
      size: 10,
      overflow: 10,
      overflowAfterMs: 50,
      minIdle: 0,
      acquireTimeoutMs: 5_000,
      connectTimeoutMs: 3_000,
      maxWaiting: 10_000,
      pingAfterIdleMs: 500,
      recycleMs: 3_600_000,
      recycleJitter: 0.1,
      idleTimeoutMs: 600_000,
      reset: 'tx',
      bouncer: false,
      depth: 1,
      leakWarnMs: 30_000,
      stacks: 'sample',
      nested: 'warn',
      statementMs: Infinity,
    });
  });

  it('survive an explicit undefined', () => {
    const options = {
      connection,
      size: undefined,
      prePing: undefined,
      timeouts: undefined,
      pipeline: undefined,
      backoff: { minMs: undefined },
    };

    expect(settingsOf(options)).toEqual({ ...settingsOf({ connection }), now: expect.any(Function) });
  });

  it.each<[Partial<PoolOptions>, string]>([
    [{ size: 0 }, 'size: expected an integer >= 1, got 0'],
    [{ size: 1.5 }, 'size: expected an integer >= 1, got 1.5'],
    [{ overflow: -1 }, 'overflow: expected an integer >= 0, got -1'],
    [{ minIdle: 11 }, 'minIdle: expected at most size (10), got 11'],
    [{ acquireTimeoutMs: Number.NaN }, 'acquireTimeoutMs: expected milliseconds >= 0, got NaN'],
    [{ acquireTimeoutMs: '5' as never }, 'acquireTimeoutMs: expected milliseconds >= 0, got 5'],
    [{ recycleJitter: 2 }, 'recycleJitter: expected a number from 0 to 1, got 2'],
    [{ backoff: { minMs: 500, maxMs: 100 } }, 'backoff.maxMs: expected milliseconds >= 500, got 100'],
    [{ pipeline: { depth: 0 } }, 'pipeline.depth: expected an integer >= 1, got 0'],
    [
      { prePing: 'sometimes' as never },
      "prePing: expected true, false, 'always' or { idleMs, timeoutMs }, got sometimes",
    ],
    [{ reset: 'none' as never }, "reset: expected 'tx', 'clean', 'discard' or a function, got none"],
    [{ nested: 'no' as never }, "nested: expected 'error', 'warn', 'allow', got no"],
    [{ timeouts: { lockMs: 0 } }, 'timeouts.lockMs: expected milliseconds >= 1, got 0'],
    [{ onEvent: 1 as never }, 'onEvent: expected a function'],
    [{ connection: '' }, 'connection: expected a connection string, got an empty one'],
    [{ connection: undefined as never }, 'connection: expected a connection string or the options of pg.Client'],
  ])('%j is refused by name and value', (options, message) => {
    expect(() => settingsOf({ connection, ...options })).toThrow(message);
  });

  it('never show the connection string', () => {
    expect(() => settingsOf({ connection, size: -1 })).toThrow(/^(?!.*secret)/);
  });

  it('turn the driver’s read time-out, which poisons the connection, into our own', () => {
    const settings = settingsOf({ connection: { connectionString: connection, query_timeout: 700 } });

    expect(settings.connection).not.toHaveProperty('query_timeout');
    expect(settings.statementMs).toBe(700);
  });
});
