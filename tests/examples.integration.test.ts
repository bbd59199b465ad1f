import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { describe, expect, inject, it } from 'vitest';

const examples = fileURLToPath(new URL('../examples', import.meta.url));

/** What each program has to print, to the letter but for what is measured. */
const printed: Record<string, string[]> = {
  fastify: ['50 clients: 200, built 1 time(s)', 'the same client again: 304, 0 bytes', 'the limit: 11 of 111 refused'],
  express: [
    'first: 200 {"name":"Ada","version":1}, then: 304',
    'after the write: 200 {"name":"Bo","version":2}, 2 queries',
    'nobody: 404, too many: 429',
  ],
  hono: ['hers: 200, his: 412, the note: {"text":"buy tea"}', 'too many: 429 application/problem+json'],
  'next-route-handler': [
    '(the list was loaded)',
    'first: 200 ["Ada"], again: 304',
    '(the list was loaded)',
    'after a write: 200 ["Ada","Bo"]',
  ],
  nestjs: ['200 callers got user 7, 1 query', 'the cache is closed'],
  drizzle: [
    "committed: [ { id: 1, name: 'Bo' } ]",
    'after 20 failed statements: 0 connections were closed',
    'after the commit',
    '1 duck',
  ],
  cluster: [
    'first reads  Ada (queries here: 1)',
    'second reads Ada (queries here: 1)',
    'second reads Bo (queries here: 2) where the TTL is 10 minutes',
  ],
  'all-six': [
    'write  {"id":"7","name":"Ada"}',
    'read   200 {"id":"7","name":"Ada"}',
    'again  304',
    'count  [{"count":"1"}]',
    'fifth  429',
  ],
};

async function run(name: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const database = await createTestDatabase();
  try {
    const child = spawn(process.execPath, ['--conditions=@corral/source', 'main.ts'], {
      cwd: join(examples, name),
      env: { ...process.env, DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 50_000,
    });
    const [exitCode, stdout, stderr] = await Promise.all([
      new Promise<number | null>((resolve) => child.on('close', resolve)),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { exitCode, stdout, stderr };
  } finally {
    await database.drop();
  }
}

describe('examples/', () => {
  it.for(Object.entries(printed))(
    '%s runs to its end and prints what it shows',
    { concurrent: true },
    async ([name, lines]) => {
      const { exitCode, stdout, stderr } = await run(name);

      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout.trim().split('\n')).toEqual(lines);
    },
  );

  it('has a test for every example', () => {
    const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());

    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(printed).sort());
  });

  it('puts all six packages together in under 60 lines', () => {
    const code = readFileSync(join(examples, 'all-six/main.ts'), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));

    expect(code.length).toBeLessThan(60);
    const packages = readdirSync(join(examples, '../packages'));
    expect(packages.filter((name) => !code.some((line) => line.includes(`from '@corral/${name}`)))).toEqual([]);
  });
});
