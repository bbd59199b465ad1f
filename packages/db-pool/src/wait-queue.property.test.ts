import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WaitQueue, type Place } from './wait-queue.ts';

/** A queue beside the list that it should behave like. */
class Both {
  readonly queue = new WaitQueue<number>();
  readonly list: number[] = [];
  readonly places: Place<number>[] = [];

  join(): void {
    this.list.push(this.places.length);
    this.places.push(this.queue.join(this.places.length));
  }

  shift(): void {
    expect(this.queue.shift()).toBe(this.list.shift());
  }

  leave(number: number): void {
    const place = this.places.at(number % Math.max(1, this.places.length));
    if (!place) return;
    const at = this.list.indexOf(place.item);
    expect(this.queue.leave(place)).toBe(at >= 0);
    this.list.splice(at, at >= 0 ? 1 : 0);
  }
}

it('behaves like a list from which anyone may leave', () => {
  const step = fc.oneof(
    fc.constant((both: Both) => both.join()),
    fc.constant((both: Both) => both.shift()),
    fc.nat({ max: 20 }).map((number) => (both: Both) => both.leave(number)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const both = new Both();
      for (const run of steps) {
        run(both);
        expect([...both.queue]).toEqual(both.list);
        expect([both.queue.size, both.queue.peek()]).toEqual([both.list.length, both.list[0]]);
      }
    }),
  );
});
