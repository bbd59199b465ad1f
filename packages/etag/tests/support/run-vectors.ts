// Runs all vectors at every level in the zone of TZ, and prints what failed as JSON. A process of its own, because the
// zone is fixed when a process starts.
import { fastifyLevel, nodeLevel, pureLevel, webLevel } from './levels.ts';
import { loadVectors, problems } from './vectors.ts';

const levels = [
  pureLevel(),
  webLevel('conditional'),
  webLevel('representation'),
  await nodeLevel('check'),
  await nodeLevel('representation'),
  await fastifyLevel('check'),
  await fastifyLevel('version'),
  await fastifyLevel('headers'),
  await fastifyLevel('representation'),
];
const vectors = loadVectors();
const failures: string[] = [];
const counts: Record<string, number> = {};
for (const level of levels) {
  let ran = 0;
  for (const vector of vectors) {
    const observed = await level.run(vector);
    if (observed === undefined) continue;
    ran++;
    for (const problem of problems(vector, observed)) failures.push(`${level.name}: ${vector.name}: ${problem}`);
  }
  counts[level.name] = ran;
  await level.close();
}
const offsetMinutes = new Date(2025, 0, 1).getTimezoneOffset();
console.log(JSON.stringify({ vectors: vectors.length, offsetMinutes, counts, failures }));
