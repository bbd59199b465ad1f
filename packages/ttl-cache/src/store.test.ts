import { describe, expect, it } from 'vitest';
import { Store } from './store.ts';

describe('a sweep that few entries survive', () => {
  const make = () => {
    const bounds = { maxEntries: Infinity, maxBytes: Infinity, looks: 256, staleMs: 0, usualLifeMs: 10, watched: true };
    const removed: string[] = [];
    const store = new Store<number, string>(bounds, (key, _, reason) => {
      if (Number(key) < 2) removed.push(`${key} ${reason}`);
    });
    store.write('0', 0, 0, 1_000, 0);
    store.write('1', 1, 0, 10, 0);
    for (let key = 2; key < 20_000; key++) store.write(String(key), key, 0, 10, 0);
    return { store, removed, sweep: store.sweep(10, 1_000) };
  };
  const finish = (sweep: Generator) => {
    while (sweep.next().done !== true);
  };

  it('keeps the survivor and drops the rest', () => {
    const { store, removed, sweep } = make();
    finish(sweep);
    expect(Array.from(store.index.keys())).toEqual(['0']);
    expect(removed).toEqual(['1 expired']);
  });

  it('frees the places of the rest', () => {
    const { store, sweep } = make();
    finish(sweep);
    for (let key = 1; key < 20_000; key++) store.write(String(key), key, 10, 10, 0);
    expect(store.values.length).toBe(20_000);
  });

  it('does not bring back what is removed after it has been carried over', () => {
    const { store, removed, sweep } = make();
    sweep.next();
    store.remove('0', store.index.get('0')!, 'deleted');
    finish(sweep);
    expect(store.index.size).toBe(0);
    expect(removed).toEqual(['0 deleted', '1 expired']);
  });

  it('does not lose what is written after it has been found dead', () => {
    const { store, removed, sweep } = make();
    sweep.next();
    store.write('1', 7, 10, 10, 0);
    finish(sweep);
    expect(store.values[store.index.get('1')!]).toBe(7);
    expect(removed).toEqual(['1 replaced']);
  });
});

it('the store uses the places of those again that gave way to a larger value', () => {
  const bounds = { maxEntries: 10, maxBytes: 10, looks: 256, staleMs: 0, usualLifeMs: 10, watched: false };
  const store = new Store<number, string>(bounds, () => {});
  for (let round = 0; round < 20; round++) {
    store.write('a', round, 0, 10, 4);
    store.write('b', round, 0, 10, 4);
    store.write('a', round, 0, 10, 9);
    expect(Array.from(store.index.keys())).toEqual(['a']);
  }
  expect(store.values.length).toBe(2);
});
