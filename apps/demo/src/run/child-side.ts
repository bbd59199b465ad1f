/** What a child does for its parent: one function for each request. */
export type Handlers = Record<string, (payload: never) => unknown>;

/** Sends an event to the parent; nothing happens when there is none any more. */
export function tell(name: string, payload: unknown): void {
  send({ type: 'event', name, payload });
}

/** A parent that has gone meanwhile gets nothing; this process ends by itself then. */
function send(message: object): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

/**
 * Serves the parent's requests, and ends this process when the parent is gone, or closes the channel: then `close` runs
 * first, for at most `closeWithinMs`: it may be waiting for servers that went with the parent. The terminal's Ctrl-C
 * reaches this process too; it leaves the answer to the parent.
 */
export function serveParent(handlers: Handlers, close: () => Promise<void>, closeWithinMs = 4_000): void {
  process.on('SIGINT', () => {});
  process.on('disconnect', () => {
    setTimeout(() => process.exit(0), closeWithinMs);
    void close().finally(() => process.exit(0));
  });
  process.on('message', (message: { id: number; type: string; payload: never }) => {
    void answer(handlers, message).then((reply) => {
      send(reply);
    });
  });
}

async function answer(
  handlers: Handlers,
  { id, type, payload }: { id: number; type: string; payload: never },
): Promise<object> {
  try {
    const handler = handlers[type];
    if (handler === undefined) throw new Error(`no handler for ${type}`);
    return { type: 'answer', id, value: await handler(payload) };
  } catch (error) {
    return { type: 'failure', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
