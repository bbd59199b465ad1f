import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Alarm, Deadlines, Mortal } from './deadlines.ts';

let deadlines: Deadlines;
let expired: string[];

/** The timers that are there when the module is loaded are the native ones to it. */
async function make(delayMs: number): Promise<Deadlines> {
  vi.resetModules();
  const module = await import('./deadlines.ts');
  return new module.Deadlines(delayMs);
}

function target(name: string, background = false): Mortal {
  return { background, expire: () => void expired.push(name) };
}

function set(name: string, background?: boolean): Alarm {
  return deadlines.set(target(name, background))!;
}

const holds = (alarm: Alarm) => (alarm.handle as unknown as NodeJS.Timeout).hasRef();

beforeEach(async () => {
  vi.useFakeTimers();
  expired = [];
  deadlines = await make(100);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('deadlines', () => {
  it('end each load in its own time', () => {
    set('a');
    vi.advanceTimersByTime(40);
    set('b');
    vi.advanceTimersByTime(59);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(39);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that were lifted end nothing, whichever of them', () => {
    const alarms = ['a', 'b', 'c'].map((name) => set(name));
    deadlines.lift(alarms[1]!);
    vi.advanceTimersByTime(100);
    expect(expired).toEqual(['a', 'c']);
  });

  it('use a timer again, from the beginning', () => {
    const first = set('a');
    vi.advanceTimersByTime(60);
    deadlines.lift(first);
    expect(set('b')).toBe(first);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(99);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['b']);
  });

  it('keep the process alive for what somebody waits for, and for nothing else', () => {
    const alarm = set('a');
    expect(holds(alarm)).toBe(true);
    deadlines.lift(alarm);
    expect(holds(alarm)).toBe(false);
    expect(holds(set('b', true))).toBe(false);
    deadlines.lift(alarm);
    expect(holds(set('c'))).toBe(true);
    expect(holds(set('d', true))).toBe(false);
  });

  it('let go of a timer that nobody needed again', () => {
    const alarm = set('a');
    deadlines.lift(alarm);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    expect(set('b')).not.toBe(alarm);
    vi.advanceTimersByTime(100);
    expect(expired).toEqual(['b']);
  });

  it('keep few idle timers, and none after a rest', () => {
    const alarms = Array.from({ length: 40 }, (_, index) => set(`${index}`));
    for (const alarm of alarms) deadlines.lift(alarm);
    expect(vi.getTimerCount()).toBe(32);
    deadlines.rest();
    expect(vi.getTimerCount()).toBe(0);
    expect(alarms).not.toContain(set('a'));
    vi.advanceTimersByTime(100);
    expect(expired).toEqual(['a']);
  });

  it.each([false, true])('may be further away than a timer can be (in the background: %s)', async (background) => {
    deadlines = await make(2 ** 32 + 100);
    const alarm = set('a', background);
    for (const afterMs of [2 ** 31, 2 ** 31, 98]) {
      vi.advanceTimersByTime(afterMs);
      expect(holds(alarm)).toBe(!background);
      expect(expired).toEqual([]);
    }
    vi.advanceTimersByTime(4);
    expect(expired).toEqual(['a']);
  });

  it('may be at once, or never', async () => {
    deadlines = await make(0);
    set('a');
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['a']);
    deadlines = await make(Infinity);
    expect(deadlines.set(target('b'))).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('come true outside the context of whoever set them', async () => {
    const requests = new AsyncLocalStorage<string>();
    vi.useRealTimers();
    const short = await make(1);
    const context = new Promise((resolve) => {
      const hurried = { background: false, expire: () => resolve(requests.getStore()) };
      requests.run('of the request', () => short.set(hurried));
    });
    expect(await context).toBeUndefined();
  });
});

describe('fake timers', () => {
  it('are used once, also where native ones are idle', async () => {
    vi.useRealTimers();
    deadlines = await make(100);
    deadlines.lift(set('real'));
    vi.useFakeTimers();
    const alarm = set('a');
    expect(vi.getTimerCount()).toBe(1);
    deadlines.lift(alarm);
    expect(vi.getTimerCount()).toBe(0);
    set('b');
    vi.advanceTimersByTime(100);
    expect(expired).toEqual(['b']);
    deadlines.rest();
  });
});
