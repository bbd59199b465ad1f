import type { Change, Snapshot } from './snapshot.ts';

export interface Listener {
  snapshot(snapshot: Snapshot): void;
  changes(changes: Change[]): void;
  /** The connection is gone; it is being tried again. */
  lost(): void;
}

const retryMs = 1_000;

/** Listens to the server's events. The browser reconnects by itself, and each connection begins with a snapshot. */
export function listen(listener: Listener): void {
  const source = new EventSource('/events');
  source.addEventListener('snapshot', ({ data }) => listener.snapshot(JSON.parse(data) as Snapshot));
  source.addEventListener('changes', ({ data }) => listener.changes(JSON.parse(data) as Change[]));
  source.addEventListener('error', () => {
    listener.lost();
    // An answer that is no event stream ends the source for good.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(listener), retryMs);
  });
}
