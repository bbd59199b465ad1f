import { applyChange } from '../../dashboard/state.ts';
import type { Change, Snapshot } from '../../dashboard/snapshot.ts';

/** What a subscriber gets: all there is, and from then on what changes. */
export type Update = { id: number; snapshot: Snapshot } | { id: number; changes: Change[] };

export interface LiveStore {
  readonly snapshot: Snapshot;
  change(change: Change): void;
  /** Calls `listener` with a snapshot at once, then with changes. Returns how to stop that. */
  subscribe(listener: (update: Update) => void): () => void;
  close(): void;
}

/** Changes are gathered for this long, milliseconds: four updates a second. */
const flushMs = 250;

/** Holds the snapshot, and tells subscribers in batches what has changed in it. */
export function createLiveStore(initial: Snapshot): LiveStore {
  const listeners = new Set<(update: Update) => void>();
  let snapshot = initial;
  let pending: Change[] = [];
  let id = 0;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (pending.length === 0) return;
    const changes = pending;
    pending = [];
    id++;
    for (const listener of listeners) listener({ id, changes });
  };

  return {
    get snapshot() {
      return snapshot;
    },
    change: (change) => {
      snapshot = applyChange(snapshot, change);
      if (listeners.size === 0) return;
      pending.push(change);
      timer ??= setTimeout(flush, flushMs);
    },
    subscribe: (listener) => {
      flush(); // a snapshot holds what is pending: the newcomer must not get that again
      listeners.add(listener);
      listener({ id, snapshot });
      return () => void listeners.delete(listener);
    },
    close: () => {
      clearTimeout(timer);
      listeners.clear();
    },
  };
}
