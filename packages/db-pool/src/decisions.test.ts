import { describe, expect, it } from 'vitest';
import { connectDelayMs, retryDelayMs, widen } from './backoff.ts';
import { expiresAtMs, fitness, whyUnfit, type Demands, type Facts } from './fitness.ts';
import { tickMs } from './interval.ts';
import { isSharable } from './sharing.ts';
import { availableSlots, connectionsFor, sizesThatFit } from './sizing.ts';
import { shortage } from './supply.ts';

describe('back-off', () => {
  const backoff = { minMs: 20, maxMs: 250 };

  it('doubles up to its ceiling; its upper half is random', () => {
    expect([0, 1, 2, 3, 4, 50].map((failures) => connectDelayMs(failures, backoff, () => 1))).toEqual([
      20, 40, 80, 160, 250, 250,
    ]);
    expect(connectDelayMs(0, backoff, () => 0)).toBe(10);
    expect(connectDelayMs(2_000, backoff, () => 0)).toBe(125);
  });

  it('of a transaction is full jitter', () => {
    expect(retryDelayMs(3, 10, 1_000, () => 0)).toBe(0);
    expect(retryDelayMs(3, 10, 1_000, () => 1)).toBe(80);
    expect(retryDelayMs(60, 10, 1_000, () => 1)).toBe(1_000);
  });

  it('widens from one prober until nothing is held back', () => {
    expect([1, 2, 4, 8].map((limit) => widen(limit, 20))).toEqual([2, 4, 8, 16]);
    expect(widen(16, 20)).toBe(Infinity);
  });
});

describe('fitness', () => {
  const facts: Facts = { lost: undefined, expiresAtMs: 1_000, epoch: 1, verified: 3, idleSinceMs: 100 };
  const demands: Demands = { epoch: 1, suspicion: 3, pingAfterIdleMs: 500 };

  it('lends what was used a moment ago, and asks what was idle', () => {
    expect(fitness(facts, demands, 599)).toBe('ready');
    expect(fitness(facts, demands, 600)).toBe('ping');
    expect(fitness(facts, { ...demands, pingAfterIdleMs: 0 }, 100)).toBe('ping');
    expect(fitness(facts, { ...demands, pingAfterIdleMs: Infinity }, 999)).toBe('ready');
  });

  it('asks what has not answered since another one was lost', () => {
    expect(fitness(facts, { ...demands, suspicion: 4 }, 100)).toBe('ping');
  });

  it('discards what is lost, too old or invalidated', () => {
    expect(fitness(facts, demands, 1_000)).toBe('discard');
    expect(whyUnfit(facts, demands)).toBe('expired');
    expect(fitness(facts, { ...demands, epoch: 2 }, 100)).toBe('discard');
    expect(whyUnfit(facts, { ...demands, epoch: 2 })).toBe('invalidated');
    expect(fitness({ ...facts, lost: new Error('gone') }, demands, 100)).toBe('discard');
    expect(whyUnfit({ ...facts, lost: new Error('gone') }, demands)).toBe('lost');
  });

  it('lets connections of one moment expire at different ones, never later than asked', () => {
    expect(expiresAtMs(1_000, 100, 0.1, () => 0)).toBe(1_100);
    expect(expiresAtMs(1_000, 100, 0.1, () => 1)).toBe(1_090);
    expect(expiresAtMs(1_000, Infinity, 0.1, () => 0.5)).toBe(Infinity);
  });
});

describe('shortage', () => {
  const quiet = { waiting: 0, coming: 0, supply: 0, size: 10, overflow: 5, minIdle: 0 };

  it('is what waits and is not on its way, up to the size', () => {
    expect(shortage(quiet)).toEqual({ regular: 0, overflow: 0 });
    expect(shortage({ ...quiet, waiting: 3, coming: 1, supply: 1 })).toEqual({ regular: 2, overflow: 0 });
    expect(shortage({ ...quiet, waiting: 30, supply: 4 })).toEqual({ regular: 6, overflow: 0 });
  });

  it('goes into the overflow only when the size is used up', () => {
    expect(shortage({ ...quiet, waiting: 3, supply: 10 })).toEqual({ regular: 0, overflow: 3 });
    expect(shortage({ ...quiet, waiting: 30, supply: 12, coming: 2 })).toEqual({ regular: 0, overflow: 3 });
    expect(shortage({ ...quiet, waiting: 30, supply: 15 })).toEqual({ regular: 0, overflow: 0 });
  });

  it('refills to minIdle', () => {
    expect(shortage({ ...quiet, minIdle: 4, supply: 1 })).toEqual({ regular: 3, overflow: 0 });
    expect(shortage({ ...quiet, minIdle: 4, supply: 6 })).toEqual({ regular: 0, overflow: 0 });
  });
});

describe('sizes', () => {
  it('follow square-root staffing', () => {
    expect(connectionsFor({ perSecond: 8_000, heldMs: 5 })).toBe(53);
    expect(connectionsFor({ perSecond: 0, heldMs: 5 })).toBe(1);
  });

  it('that fit leave a tenth free', () => {
    expect(sizesThatFit(97, 4)).toEqual({ size: 14, overflow: 7 });
    expect(sizesThatFit(0, 4)).toEqual({ size: 1, overflow: 0 });
  });

  it('count the strictest limit', () => {
    const limits = { maxConnections: 100, reserved: 3, foreign: 7, roleLimit: -1, databaseLimit: -1 };
    expect(availableSlots(limits)).toBe(90);
    expect(availableSlots({ ...limits, roleLimit: 20 })).toBe(20);
    expect(availableSlots({ ...limits, databaseLimit: 10, roleLimit: 20 })).toBe(10);
    expect(availableSlots({ ...limits, foreign: 200 })).toBe(0);
  });
});

describe('a statement that may share a connection', () => {
  it.each([
    'select 1',
    ' SELECT 1',
    '/* GetUser */ select 1',
    '-- note\n with a as (select 1) select * from a',
    'insert into t values (1)',
  ])('is %j', (text) => {
    expect(isSharable(text)).toBe(true);
    expect(isSharable({ text, values: [] })).toBe(true);
  });

  it.each([
    'begin',
    'set x = 1',
    'select 1; begin',
    'listen a',
    '/* select */ begin',
    'declare c cursor for select 1',
    '',
    '/*'.repeat(50_000),
  ])('is not %j', (text) => {
    expect(isSharable(text)).toBe(false);
  });
});

it('looks after the shortest limit often enough, and never too often', () => {
  expect(tickMs([600_000, 3_600_000, 30_000])).toBe(7_500);
  expect(tickMs([1, 600_000])).toBe(10);
  expect(tickMs([Infinity])).toBe(30_000);
});
