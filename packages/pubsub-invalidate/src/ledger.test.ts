import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import type { Beat, Mark, Origin } from './message.ts';

const HEARTBEAT = 1_000;
const origin = (seq: number, previousAgeMs = 0, publisher = 'a', epoch = 0): Origin => ({
  publisher,
  epoch,
  seq,
  previousAgeMs,
});
const beat = (number: number, marks: Mark[] = [], publisher = 'a', bye = false): Beat => ({
  type: 'beat',
  publisher,
  number,
  intervalMs: HEARTBEAT,
  marks,
  bye,
});
const mark = (seq: number, ageMs: number): Mark => ({ channel: 'c', epoch: 0, seq, ageMs });

/** A ledger that has listened on channel `c` since 0. */
function listening(): Ledger {
  const ledger = new Ledger();
  ledger.resume(0);
  ledger.begin('c', 0);
  return ledger;
}

describe('Ledger: numbers', () => {
  it('hands on numbers that follow each other', () => {
    const ledger = listening();
    expect(ledger.message('c', origin(1), 1, HEARTBEAT)).toEqual({ deliver: true, missed: 0 });
    expect(ledger.message('c', origin(2), 2, HEARTBEAT)).toEqual({ deliver: true, missed: 0 });
  });

  it('reports how many numbers are missing, once', () => {
    const ledger = listening();
    ledger.message('c', origin(1), 1, HEARTBEAT);
    expect(ledger.message('c', origin(5), 2, HEARTBEAT)).toEqual({ deliver: true, missed: 3 });
    expect(ledger.message('c', origin(6), 3, HEARTBEAT)).toEqual({ deliver: true, missed: 0 });
  });

  it('keeps back what it has seen, and what comes after its loss was reported', () => {
    const ledger = listening();
    ledger.message('c', origin(1), 1, HEARTBEAT);
    ledger.message('c', origin(3), 2, HEARTBEAT);
    expect(ledger.message('c', origin(3), 3, HEARTBEAT).deliver).toBe(false);
    expect(ledger.message('c', origin(2), 3, HEARTBEAT).deliver).toBe(false);
  });

  it('counts each channel and each publisher for itself', () => {
    const ledger = listening();
    ledger.begin('d', 0);
    ledger.message('c', origin(1), 1, HEARTBEAT);
    expect(ledger.message('d', origin(1), 1, HEARTBEAT).missed).toBe(0);
    expect(ledger.message('c', origin(1, 0, 'b'), 1, HEARTBEAT).missed).toBe(0);
  });

  it('starts anew with a newer epoch and ignores an older one', () => {
    const ledger = listening();
    ledger.message('c', origin(7, 5), 10, HEARTBEAT);
    expect(ledger.message('c', origin(1, 0, 'a', 1), 11, HEARTBEAT)).toEqual({ deliver: true, missed: 0 });
    expect(ledger.message('c', origin(8), 12, HEARTBEAT).deliver).toBe(false);
  });
});

describe('Ledger: a publisher heard for the first time', () => {
  it('has lost nothing when the message before this one is older than the clear', () => {
    const ledger = new Ledger();
    ledger.begin('c', 100);
    expect(ledger.message('c', origin(9, 50), 120, HEARTBEAT).missed).toBe(0);
  });

  it('has lost something when the message before this one came after the clear', () => {
    const ledger = new Ledger();
    ledger.begin('c', 100);
    expect(ledger.message('c', origin(9, 10), 120, HEARTBEAT).missed).toBe(1);
  });

  it('has lost nothing when a thousand join at once', () => {
    const ledger = listening();
    for (let i = 0; i < 1_000; i++) {
      ledger.beat(beat(1, [], `p${i}`), 500);
      expect(ledger.message('c', origin(1, 0, `p${i}`), 501, HEARTBEAT).missed).toBe(0);
    }
    expect(ledger.due(1_000)).toEqual([]);
  });

  it('is a loss when it has been speaking unheard for a while', () => {
    const ledger = listening();
    ledger.beat(beat(40), 20_000);
    expect(ledger.due(20_001)).toEqual([{ reason: 'silence', publisher: 'a', channel: undefined, missed: 0 }]);
  });

  it('is no loss when this session has just begun', () => {
    const ledger = listening();
    ledger.beat(beat(40), 900);
    expect(ledger.due(901)).toEqual([]);
  });
});

describe('Ledger: heartbeats', () => {
  it('report a last message that never came, half an interval later', () => {
    const ledger = listening();
    ledger.message('c', origin(1), 10, HEARTBEAT);
    ledger.beat(beat(2, [mark(3, 100)]), 1_000);
    expect(ledger.due(1_499)).toEqual([]);
    expect(ledger.due(1_500)).toEqual([{ reason: 'sequence', publisher: 'a', channel: 'c', missed: 2 }]);
    expect(ledger.due(1_600)).toEqual([]);
  });

  it('say nothing of a message that arrives in that time by a slower way', () => {
    const ledger = listening();
    ledger.beat(beat(1, [mark(1, 0)]), 1_000);
    ledger.message('c', origin(1), 1_200, HEARTBEAT);
    expect(ledger.due(1_600)).toEqual([]);
  });

  it('say nothing of what was sent before the clear', () => {
    const ledger = new Ledger();
    ledger.resume(5_000);
    ledger.begin('c', 5_000);
    ledger.beat(beat(9, [mark(4, 300)]), 5_100);
    expect(ledger.due(6_000)).toEqual([]);
    expect(ledger.message('c', origin(5, 400), 5_200, HEARTBEAT).missed).toBe(0);
  });

  it('report a loss with the goodbye, too', () => {
    const ledger = listening();
    ledger.beat(beat(1, [], 'a'), 10);
    ledger.beat(beat(2, [mark(1, 5)], 'a', true), 100);
    expect(ledger.due(700)).toEqual([{ reason: 'sequence', publisher: 'a', channel: 'c', missed: 1 }]);
  });
});

describe('Ledger: silence', () => {
  it('is a loss after three intervals, once', () => {
    const ledger = listening();
    ledger.beat(beat(1), 100);
    expect(ledger.due(3_100)).toEqual([]);
    expect(ledger.due(3_101)).toMatchObject([{ reason: 'silence', publisher: 'a' }]);
    expect(ledger.due(9_000)).toEqual([]);
  });

  it('is a loss again when the publisher comes back, since nobody heard what it said meanwhile', () => {
    const ledger = listening();
    ledger.beat(beat(1), 100);
    ledger.due(4_000);
    ledger.beat(beat(30), 30_000);
    expect(ledger.due(30_001)).toMatchObject([{ reason: 'silence', publisher: 'a' }]);
    expect(ledger.due(30_500)).toEqual([]);
  });

  it('is none after a goodbye', () => {
    const ledger = listening();
    ledger.beat(beat(1, [], 'a', true), 100);
    expect(ledger.due(60_000)).toEqual([]);
    expect(ledger.size).toBe(0);
  });

  it('is none while this process itself did not run', () => {
    const ledger = listening();
    ledger.beat(beat(1), 100);
    ledger.shift(30_000);
    expect(ledger.due(30_200)).toEqual([]);
  });
});

it('Ledger holds no more publishers than it may', () => {
  const ledger = new Ledger(2);
  for (const name of ['a', 'b', 'c']) ledger.beat(beat(1, [], name), 1);
  expect(ledger.size).toBe(2);
});
