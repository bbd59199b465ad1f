import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seen } from './slots.ts';
import { Store } from './store.ts';

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      key: fc.nat(9),
      lifeMs: fc.integer({ min: 1, max: 9 }),
      size: fc.nat(4),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('read' as const), key: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), key: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const) }) },
);

describe('the store', () => {
  it('keeps its bounds, its sums and every value, over any sequence of operations', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 4, max: 12 }),
        // With so many more there are main entries, too.
        fc.constantFrom(0, 64),
        (given, few, bytes, more) => {
          const [maxEntries, maxBytes] = [few + more, bytes + 2 * more];
          const steps = given.map((step) => ('key' in step ? { ...step, key: step.key % (few + 4) } : step));
          const removed: string[] = [];
          const bounds = { maxEntries, maxBytes, looks: 256, staleMs: 2, usualLifeMs: 5, watched: true };
          const store = new Store<number, number>(bounds, (key, value, reason) =>
            removed.push(`${key}=${value} ${reason}`),
          );
          const held = new Map<number, { value: number; expiresAt: number; bornAt: number; size: number }>();
          let nowMs = 0;
          let value = 0;
          let seen = 0;
          let dead = 0;
          for (let key = 100; key < 100 + more; key++) {
            store.write(key, ++value, nowMs, 7, 2);
            held.set(key, { value, expiresAt: 7, bornAt: nowMs, size: 2 });
          }
          for (const step of steps) {
            if (step.type === 'write') {
              store.write(step.key, ++value, nowMs, step.lifeMs, step.size);
              held.set(step.key, { value, expiresAt: nowMs + step.lifeMs, bornAt: nowMs, size: step.size });
            } else if (step.type === 'read') {
              const slot = store.index.get(step.key);
              if (slot !== undefined) store.mark(slot, seen);
            } else if (step.type === 'remove') {
              const slot = store.index.get(step.key);
              if (slot !== undefined) store.remove(step.key, slot, 'deleted');
            } else if (step.type === 'advance') nowMs += step.ms;
            else if (step.type === 'sweep') {
              for (const _ of store.sweep(nowMs, 1));
              dead += Array.from(store.index.values()).filter((slot) => store.isDead(slot, nowMs)).length;
            } else store.clear(true);

            // Every value that is held no more has been told of, and no other.
            for (const line of removed.slice(seen)) {
              const [key, told] = line.split(/[= ]/).map(Number);
              if (held.get(key!)?.value === told) held.delete(key!);
            }
            seen = removed.length;
            expect(store.index.size).toBe(held.size);
            expect(store.index.size).toBeLessThanOrEqual(maxEntries);
            expect(store.bytes).toBe(Array.from(held.values()).reduce((sum, { size }) => sum + size, 0));
            expect(store.bytes).toBeLessThanOrEqual(maxBytes);
            // Places are used again.
            expect(store.values.length).toBeLessThanOrEqual(maxEntries);
            for (const [key, slot] of store.index) {
              const entry = held.get(key)!;
              expect(store.values[slot]).toBe(entry.value);
              expect(store.expiresAt[slot]).toBe(entry.expiresAt);
              expect(store.bornAt(slot)).toBe(entry.bornAt);
            }
            expect(new Set(store.index.values()).size).toBe(store.index.size);
            expect(dead).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stays whole when it is used in the middle of a sweep that carries survivors over', () => {
    const operation = fc.record({
      key: fc.nat(29_999),
      kind: fc.constantFrom('write', 'remove', 'read', 'clear' as const),
      at: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (operations, everyNth) => {
        const told = new Map<number, number>();
        const bounds = {
          maxEntries: Infinity,
          maxBytes: Infinity,
          looks: 256,
          staleMs: 0,
          usualLifeMs: 10,
          watched: true,
        };
        const store = new Store<number, number>(bounds, (_, value) => told.set(value!, (told.get(value!) ?? 0) + 1));
        let value = 0;
        const writes: number[] = [];
        const write = (key: number, nowMs: number, lifeMs: number) => {
          writes.push(++value);
          store.write(key, value, nowMs, lifeMs, 0);
        };
        for (let key = 0; key < 30_000; key++) write(key, 0, key % (everyNth * 3) === 0 ? 1_000 : 10);
        const sweep = store.sweep(10, 1_000);
        for (let at = 0; ; at++) {
          for (const { key, kind } of operations.filter((operation) => operation.at === at)) {
            const slot = store.index.get(key);
            if (kind === 'write') write(key, 10, 10);
            else if (kind === 'clear') store.clear(true);
            else if (slot !== undefined && kind === 'remove') store.remove(key, slot, 'deleted');
            else if (slot !== undefined) store.mark(slot, seen);
          }
          if (sweep.next().done) break;
        }
        const held = new Set(Array.from(store.index.values(), (slot) => store.values[slot]!));
        // Each value is held or has been told of, once.
        expect(held.size).toBe(store.index.size);
        expect(writes.filter((written) => (told.get(written) ?? 0) + (held.has(written) ? 1 : 0) !== 1)).toEqual([]);
        expect(Array.from(store.index.values()).filter((slot) => store.isDead(slot, 10))).toEqual([]);
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
