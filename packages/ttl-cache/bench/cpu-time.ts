const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * CPU time of this thread in milliseconds: other work on the machine shows in wall time. The system adds it up only when
 * it ticks (every 4 ms) or when the thread gives way, so it gives way for a moment first.
 */
export function cpuMs(): number {
  Atomics.wait(cell, 0, 0, 0.01);
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
