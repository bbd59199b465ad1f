const AT_ONCE = 16;

/** Runs checks, at most sixteen at once: after a gap ten thousand waiters would ask the store in one moment. */
export class CheckLine {
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  add(check: () => Promise<void>): void {
    this.#waiting.push(check);
    if (this.#running < AT_ONCE) void this.#work();
  }

  async #work(): Promise<void> {
    this.#running++;
    for (let check = this.#waiting.shift(); check; check = this.#waiting.shift()) await check();
    this.#running--;
  }
}
