/** Runs `total` checks with `width` of them under way at any time, as a busy server does. */
export async function run(width: number, total: number, check: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < total) await check(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** CPU time of this process, milliseconds. */
export const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
