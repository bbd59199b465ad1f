import { seededRandom, zipf } from '@corral-internal/test-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';
import { seen } from './slots.ts';
import { Store } from './store.ts';

interface Entry {
  readonly key: number;
  mark: 'new' | 'asked' | 'unasked';
}

/** The policy, with one list, the oldest first: main entries, from `border` on newcomers. */
class Model {
  readonly list: Entry[] = [];
  #border = 0;
  #hand = 0;
  #unasked = 0;
  readonly #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  insert(key: number): void {
    const mark = this.list.length < 64 ? 'unasked' : 'new';
    if (this.list.length >= this.#room) this.#evict();
    else {
      while (this.#tooMany()) {
        const entry = this.list[this.#border++]!;
        if (entry.mark === 'new') entry.mark = 'unasked';
      }
    }
    this.list.push({ key, mark });
  }

  #tooMany(): boolean {
    const size = this.list.length;
    return size >= 64 && size - this.#border >= Math.floor(size / 4);
  }

  #evict(): void {
    while (this.#tooMany()) {
      const entry = this.list[this.#border++]!;
      if (entry.mark !== 'new') continue;
      if (++this.#unasked % 16 === 0 && this.#evictMain(1)) entry.mark = 'asked';
      else this.#remove(this.#border - 1);
      return;
    }
    this.#evictMain(Infinity);
  }

  #evictMain(looks: number): boolean {
    for (let left = looks; left > 0; left--) {
      const entry = this.list[this.#hand];
      if (entry === undefined || entry.mark === 'new') this.#hand = 0;
      else if (entry.mark === 'unasked') return this.#remove(this.#hand);
      else this.list[this.#hand++]!.mark = 'unasked';
    }
    return false;
  }

  #remove(at: number): true {
    this.list.splice(at, 1);
    if (at < this.#border) this.#border--;
    if (at < this.#hand) this.#hand--;
    return true;
  }
}

const make = (maxEntries: number) =>
  new Store<number, number>(
    { maxEntries, maxBytes: Infinity, looks: 256, staleMs: 0, usualLifeMs: Infinity, watched: false },
    () => {},
  );

describe('eviction', () => {
  it('keeps who has been asked for, and lets the others go in turn, as its model does', () => {
    const room = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 60, max: 90 }));
    const access = fc.record({ at: fc.nat(999), write: fc.boolean() });
    fc.assert(
      fc.property(fc.array(access, { minLength: 200, maxLength: 400 }), room, (accesses, maxEntries) => {
        const store = make(maxEntries);
        const model = new Model(maxEntries);
        const touch = (key: number, write: boolean) => {
          const slot = store.index.get(key);
          if (slot === undefined && write) model.insert(key);
          else if (slot !== undefined) model.list.find((entry) => entry.key === key)!.mark = 'asked';
          if (write) store.write(key, key, 0, Infinity, 0);
          else if (slot !== undefined) store.mark(slot, seen);
        };
        for (let key = 0; key < maxEntries; key++) touch(key, true);
        for (const { at, write } of accesses) {
          touch(Math.floor((at * maxEntries * 1.6) / 1_000), write);
          expect(Array.from(store.index.keys())).toEqual(model.list.map(({ key }) => key));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is SIEVE in a small cache', () => {
    const access = fc.record({ key: fc.nat(12), write: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(access, { minLength: 50, maxLength: 200 }),
        fc.integer({ min: 1, max: 6 }),
        (accesses, room) => {
          const store = make(room);
          // As in the paper, with an array: the oldest first.
          const queue: { key: number; visited: boolean }[] = [];
          let hand = 0;
          for (const { key, write } of accesses) {
            const held = queue.find((entry) => entry.key === key);
            if (held === undefined && !write) continue;
            if (write) store.write(key, key, 0, Infinity, 0);
            else store.mark(store.index.get(key)!, seen);
            if (held !== undefined) held.visited = true;
            else {
              if (queue.length >= room) {
                hand %= queue.length;
                while (queue[hand]!.visited) {
                  queue[hand]!.visited = false;
                  hand = (hand + 1) % queue.length;
                }
                queue.splice(hand, 1);
              }
              queue.push({ key, visited: false });
            }
            expect(Array.from(store.index.keys())).toEqual(queue.map((entry) => entry.key));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds newcomers again after a sweep that carries survivors over, and evicts nobody who was asked for', () => {
    const store = make(20_000);
    for (let key = 0; key < 20_000; key++) store.write(key, key, 0, key < 2_000 ? 1_000 : 10, 0);
    for (let key = 0; key < 2_000; key++) store.mark(store.index.get(key)!, seen);
    for (const _ of store.sweep(10, 1_000));
    expect(store.index.size).toBe(2_000);
    for (let key = 20_000; key < 60_000; key++) store.write(key, key, 10, 1_000, 0);
    expect(store.index.size).toBe(20_000);
    expect(Array.from(store.index.keys()).slice(0, 2_000)).toEqual(Array.from({ length: 2_000 }, (_, key) => key));
  });

  it('evicts none but the held after a sweep that carries survivors over', () => {
    const bounds = { maxEntries: Infinity, maxBytes: 218_000, looks: 256, staleMs: 0, usualLifeMs: 10, watched: false };
    const store = new Store<number, number>(bounds, () => {});
    const sizeOf = (key: number) => (key < 18_000 ? 1 : key < 20_000 ? 100 : key < 20_100 ? 1_000 : 0);
    for (let key = 0; key < 20_000; key++) store.write(key, key, 0, key < 18_000 ? 10 : 1_000, sizeOf(key));
    // Border and hand are under way.
    for (const slot of store.index.values()) store.mark(slot, seen);
    store.write(-1, -1, 0, 10, 1);
    expect(store.index.has(0)).toBe(false);
    for (const _ of store.sweep(10, 1_000));
    expect(store.bytes).toBe(200_000);
    for (let key = 20_000; key < 40_000; key++) store.write(key, key, 10, 1_000, sizeOf(key));
    const held = Array.from(store.index);
    expect(held.every(([key, slot]) => store.values[slot] === key)).toBe(true);
    expect(held.reduce((sum, [key]) => sum + sizeOf(key), 0)).toBe(store.bytes);
  });

  it('does not take those for asked for whom nobody asked for when the numbers of epochs start over', () => {
    const store = make(100);
    for (let key = 0; key < 100; key++) store.write(key, key, 0, Infinity, 0);
    store.forgetEpochs();
    for (const key of [100, 101]) store.write(key, key, 0, Infinity, 0);
    // A main entry makes the quarter whole. With all newcomers asked for the next one would be another.
    const evicted = Array.from({ length: 100 }, (_, key) => key).filter((key) => !store.index.has(key));
    expect(evicted).toEqual([0, 76]);
  });

  it('keeps its share of newcomers where those that were asked for are deleted', () => {
    const store = make(1_000);
    let latest = 0;
    for (let round = 0; round < 20_000; round++) {
      store.write(latest++, 0, 0, Infinity, 0);
      const slot = store.index.get(latest - 1)!;
      store.mark(slot, seen);
      if (round % 2 === 0) store.remove(latest - 1, slot, 'deleted');
    }
    for (let scanned = 0; scanned < 1_000; scanned++) store.write(latest++, 0, 0, Infinity, 0);
    const newcomers = Array.from(store.index.keys()).filter((key) => key >= latest - 250);
    // The latest 250, but for a few that the choice fell on.
    expect(newcomers.length).toBeGreaterThan(240);
  });

  describe('has more hits than LRU of the same size', () => {
    const room = 500;
    const popular = () => zipf(seededRandom(1), 5_000, 0.99);
    const counter = () => {
      let reads = 0;
      return () => reads++;
    };
    it.each<[string, () => () => number]>([
      ['where some keys are popular', popular],
      [
        'where every second read is a scan',
        () => {
          const [next, reads] = [popular(), counter()];
          return () => {
            const read = reads();
            return read % 2 === 0 ? next() : 1_000_000 + read;
          };
        },
      ],
      [
        'in a loop that does not fit',
        () => {
          const reads = counter();
          return () => reads() % 600;
        },
      ],
      [
        'where all popular keys are replaced from time to time',
        () => {
          const [next, reads] = [popular(), counter()];
          return () => next() + Math.floor(reads() / 5_000) * 100;
        },
      ],
    ])('%s', (_, mix) => {
      const cache = createTtlCache<number, number>({ ttlMs: Infinity, maxEntries: room });
      const lru = new Map<number, number>();
      const hits = { ours: 0, lru: 0 };
      const next = mix();
      for (let read = 0; read < 50_000; read++) {
        const key = next();
        if (cache.get(key) === undefined) cache.set(key, key);
        else hits.ours++;
        if (lru.delete(key)) hits.lru++;
        else if (lru.size === room) lru.delete(lru.keys().next().value!);
        lru.set(key, key);
      }
      expect(hits.ours).toBeGreaterThan(hits.lru * 1.005);
    });

    it('and nearly as many where what is in use moves on', () => {
      const random = seededRandom(3);
      const cache = createTtlCache<number, number>({ ttlMs: Infinity, maxEntries: room });
      let hits = 0;
      for (let read = 0; read < 50_000; read++) {
        const key = Math.floor(read / 10) + random.int(300);
        if (cache.get(key) === undefined) cache.set(key, key);
        else hits++;
      }
      // LRU has 0.893, SIEVE 0.6.
      expect(hits / 50_000).toBeGreaterThan(0.88);
    });
  });
});
