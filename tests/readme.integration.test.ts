import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { describe, expect, inject, it } from 'vitest';

const packages = fileURLToPath(new URL('../packages', import.meta.url));

/** The first program under "## Use". */
const exampleOf = (readme: string): string | undefined =>
  /^## Use$[\s\S]*?^```ts\n(?<code>[\s\S]*?)^```$/m.exec(readme)?.groups?.['code'];

/** What the example says that it prints: the rest of each line after `// prints:`. */
const promisesOf = (code: string): string[] =>
  [...code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1]!.trim());

async function run(folder: string, code: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const database = await createTestDatabase();
  const file = join(folder, `.readme-example-${process.pid}.ts`);
  writeFileSync(file, code);
  try {
    const child = spawn(process.execPath, ['--conditions=@corral/source', file], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [exitCode, stdout, stderr] = await Promise.all([
      new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? -1))),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { exitCode, stdout, stderr };
  } finally {
    rmSync(file, { force: true });
    await database.drop();
  }
}

describe.each(readdirSync(packages))('the README of %s', (name) => {
  const readme = join(packages, name, 'README.md');
  const code = existsSync(readme) ? exampleOf(readFileSync(readme, 'utf8')) : undefined;

  it('has an example that runs to the letter', async () => {
    if (code === undefined) throw new Error(`${name}/README.md has no \`\`\`ts block under "## Use"`);

    const { exitCode, stdout, stderr } = await run(join(packages, name), code);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toBe('');
    for (const promise of promisesOf(code)) expect(stdout).toContain(promise);
  });
});
