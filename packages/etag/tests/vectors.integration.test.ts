import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadVectors } from './support/vectors.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('support/run-vectors.ts', import.meta.url));

interface Outcome {
  vectors: number;
  offsetMinutes: number;
  counts: Record<string, number>;
  failures: string[];
}

async function runIn(zone: string): Promise<Outcome> {
  const args = ['--conditions=@corral/source', script];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, TZ: zone } });
  return JSON.parse(stdout) as Outcome;
}

describe('the conditional-request vectors', () => {
  it.each([
    { zone: 'UTC', offsetMinutes: 0 },
    { zone: 'America/New_York', offsetMinutes: 300 },
    { zone: 'Asia/Tokyo', offsetMinutes: -540 },
  ])('hold at every level in the zone $zone', async ({ zone, offsetMinutes }) => {
    const total = loadVectors().length;

    const outcome = await runIn(zone);

    expect(outcome.failures).toEqual([]);
    expect(outcome.offsetMinutes).toBe(offsetMinutes);
    for (const level of ['pure', 'web conditional', 'node:http check', 'Fastify check', 'Fastify version']) {
      expect(outcome.counts[level]).toBe(total);
    }
    for (const level of [
      'web representation',
      'node:http representation',
      'Fastify headers',
      'Fastify representation',
    ]) {
      expect(outcome.counts[level]).toBeGreaterThan(total / 2);
    }
  });
});
