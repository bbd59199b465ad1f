// Prints the longest turn of the event loop, in milliseconds of CPU time, while a million expired entries are swept.
import { createTtlCache } from '../src/index.ts';

const count = 1_000_000;
let nowMs = 0;
let reaped: () => void = () => {};
const done = new Promise<void>((resolve) => (reaped = resolve));
const cache = createTtlCache<number>({
  ttlMs: 10,
  maxEntries: Infinity,
  reapIntervalMs: 20,
  now: () => nowMs,
  onEvict: process.argv[2] === 'told' ? () => {} : undefined,
  onEvent: ({ type }) => type === 'reaped' && reaped(),
});
for (let index = 0; index < count; index++) cache.set(`key:${index}`, index);
// One in `survivors` lives on: 0 for none.
const survivors = Number(process.argv[3] ?? 0);
if (survivors > 0)
  for (let index = 0; index < count; index += survivors) cache.set(`key:${index}`, index, { ttlMs: 1e9 });
globalThis.gc?.();
nowMs = 10;

const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
let longestMs = 0;
let lastMs = cpuMs();
let running = true;
const turn = () => {
  const at = cpuMs();
  longestMs = Math.max(longestMs, at - lastMs);
  lastMs = cpuMs();
  if (running) setImmediate(turn);
};
setImmediate(turn);
await done;
running = false;
console.log(longestMs.toFixed(1));
process.exit();
