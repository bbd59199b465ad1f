/** One connection of our own: opened when first asked for, shared by all who ask, opened anew after it went away. */
export class OwnConnection<Connection> {
  readonly #open: (signal: AbortSignal, onGone: () => void) => Promise<Connection>;
  readonly #destroy: (connection: Connection) => void;
  #current: Promise<Connection> | undefined;

  constructor(
    open: (signal: AbortSignal, onGone: () => void) => Promise<Connection>,
    destroy: (connection: Connection) => void,
  ) {
    this.#open = open;
    this.#destroy = destroy;
  }

  /** `signal` ends the attempt, for all who wait for it. */
  get(signal: AbortSignal): Promise<Connection> {
    if (this.#current) return this.#current;
    const forget = (): void => {
      if (this.#current === opening) this.#current = undefined;
    };
    const opening = this.#open(signal, () => forget());
    this.#current = opening;
    opening.catch(forget);
    return opening;
  }

  /** Lets go of it; the next `get` opens another one. */
  drop(): void {
    this.#current?.then(this.#destroy, () => {});
    this.#current = undefined;
  }
}
