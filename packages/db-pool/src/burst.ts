import type { PgClient } from './driver.ts';

/**
 * What one turn of the event loop sends on a connection leaves in one write: callers whose replies came together send their next
 * statements together, and a write costs the kernel more than a short statement costs the driver.
 */
export class Burst {
  readonly #client: PgClient;
  #open = false;

  constructor(client: PgClient) {
    this.#client = client;
  }

  /** Holds back what is written from here on, until the callers that run in this turn have run. */
  begin(): void {
    if (this.#open) return;
    this.#open = true;
    // Sockets outside Node may not have it.
    const stream: { cork?(): void; uncork?(): void } = this.#client.connection.stream;
    stream.cork?.();
    // After the microtasks: there the answered callers go on, and send.
    globalThis.process.nextTick(() => {
      this.#open = false;
      stream.uncork?.();
    });
  }
}
