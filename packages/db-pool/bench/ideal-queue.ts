const CALLERS = 10_000;

/**
 * 10,000 callers at once for `size` connections, all open already. Returns p99 of their time, as a multiple of p99 in the ideal
 * queue: first come, first served, no time lost between two callers, with the very service times that were measured.
 */
export async function idealQueue(
  size: number,
  call: (run: (statement: () => Promise<unknown>) => Promise<void>) => Promise<unknown>,
): Promise<number> {
  const timed = (): {
    services: { at: number; ms: number }[];
    run: (statement: () => Promise<unknown>) => Promise<void>;
  } => {
    const services: { at: number; ms: number }[] = [];
    return {
      services,
      async run(statement) {
        const at = performance.now();
        await statement();
        services.push({ at, ms: performance.now() - at });
      },
    };
  };
  // Opens every connection before the clock starts.
  await Promise.all(Array.from({ length: size * 2 }, () => call(timed().run)));

  const { services, run } = timed();
  const startedAt = performance.now();
  const waits = await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      await call(run);
      return performance.now() - startedAt;
    }),
  );
  const inOrder = services.toSorted((a, b) => a.at - b.at).map(({ ms }) => ms);
  return p99(waits) / p99(served(inOrder, size));
}

/** When each of the callers would be done: the next one goes to the connection that is free first. */
export function served(services: readonly number[], size: number): number[] {
  const freeAt = new Float64Array(size);
  return services.map((ms) => {
    let first = 0;
    for (let at = 1; at < size; at += 1) if (freeAt[at]! < freeAt[first]!) first = at;
    freeAt[first]! += ms;
    return freeAt[first]!;
  });
}

const p99 = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)]!;
