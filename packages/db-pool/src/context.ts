import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Session } from './session.ts';

/** Which connections the running async context holds, innermost first. Made by `use` and `tx`. */
export interface Context {
  readonly outer: Context | undefined;
  /** Undefined: given back. */
  session: Session | undefined;
  /** The transaction this context belongs to. */
  readonly tx: object | undefined;
}

export class Contexts {
  readonly #storage: AsyncLocalStorage<Context> | undefined;

  constructor() {
    const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks');
    this.#storage = hooks && new hooks.AsyncLocalStorage<Context>();
  }

  /** False: this runtime has no async context, and misuse across contexts cannot be seen. */
  get available(): boolean {
    return this.#storage !== undefined;
  }

  current(): Context | undefined {
    return this.#storage?.getStore();
  }

  run<T>(context: Context, work: () => T): T {
    return this.#storage ? this.#storage.run(context, work) : work();
  }
}

/** The nearest connection that `context` still holds. */
export function heldBy(context: Context | undefined): Session | undefined {
  for (let at = context; at; at = at.outer) if (at.session !== undefined) return at.session;
  return undefined;
}

/** Is `context` inside `tx`? */
export function isInside(context: Context | undefined, tx: object): boolean {
  for (let at = context; at; at = at.outer) if (at.tx === tx) return true;
  return false;
}

/**
 * Would everybody wait for ever? True when every one of the `capacity` connections is held by a context that itself waits
 * for another one and runs nothing on what it holds. Pure; asked only when somebody has to wait.
 */
export function isDeadlocked(
  capacity: number,
  held: Iterable<Session>,
  waiting: Iterable<{ context: Context | undefined }>,
): boolean {
  const blocked = new Set<Session>();
  for (const { context } of waiting) {
    for (let at = context; at; at = at.outer)
      if (at.session !== undefined && !at.session.running) blocked.add(at.session);
  }
  if (blocked.size < capacity) return false;
  let count = 0;
  for (const session of held) {
    if (!blocked.has(session)) return false;
    count += 1;
  }
  return count >= capacity;
}
