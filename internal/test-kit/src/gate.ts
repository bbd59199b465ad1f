/** A promise that the test settles by hand, so that it says in which order things happen. */
export interface Gate<T> {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // A gate that fails before anybody waits at it is not an unhandled rejection.
  promise.catch(() => {});
  return { promise, open: resolve, fail: reject };
}
