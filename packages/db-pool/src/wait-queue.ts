/** A place in the queue. The owner keeps it, to leave from the middle in constant time. */
export interface Place<Item> {
  readonly item: Item;
  next: Place<Item> | undefined;
  previous: Place<Item> | undefined;
  queued: boolean;
}

/** First come, first served; anyone may leave from anywhere in O(1). A place that has left is never served. */
export class WaitQueue<Item> {
  size = 0;
  #head: Place<Item> | undefined;
  #tail: Place<Item> | undefined;

  join(item: Item): Place<Item> {
    const place: Place<Item> = { item, next: undefined, previous: this.#tail, queued: true };
    if (this.#tail) this.#tail.next = place;
    else this.#head = place;
    this.#tail = place;
    this.size += 1;
    return place;
  }

  /** Who is served next, still in the queue. */
  peek(): Item | undefined {
    return this.#head?.item;
  }

  shift(): Item | undefined {
    const place = this.#head;
    if (place) this.leave(place);
    return place?.item;
  }

  /** False: this place was served or had left before. */
  leave(place: Place<Item>): boolean {
    if (!place.queued) return false;
    place.queued = false;
    if (place.previous) place.previous.next = place.next;
    else this.#head = place.next;
    if (place.next) place.next.previous = place.previous;
    else this.#tail = place.previous;
    this.size -= 1;
    return true;
  }

  // Those who wait now, in order. Leaving while it runs, oneself or others, is fine.
  *[Symbol.iterator](): Generator<Item> {
    for (let place = this.#head; place; place = place.next) if (place.queued) yield place.item;
  }
}
