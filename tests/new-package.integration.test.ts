import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePackage } from '../tools/new-package.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
let root: string;

/** What the programs of `npm run check` say in a tree that holds the new package alone. */
const run = (command: string, ...args: string[]) =>
  promisify(execFile)(join(repository, 'node_modules/.bin', command), args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  });

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'corral-new-package-'));
  const house = [
    '.oxfmtrc.json',
    '.oxlintrc.json',
    'LICENSE',
    'tools/tsup.ts',
    'tsconfig.base.json',
    'tsconfig.packages.json',
  ];
  for (const file of [...house, 'tsconfig.core.json']) cpSync(join(repository, file), join(root, file));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  writePackage(root, 'hay-stack', 'Counts what is taken, and never hands out more than it has.');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('makes a package that is formatted, linted and typed as the others', async () => {
  await Promise.all([
    run('oxfmt', '--check'),
    run('oxlint', '--type-aware', '--deny-warnings', 'packages'),
    run('tsc', '-p', 'tsconfig.packages.json'),
  ]);

  expect(readFileSync(join(root, 'tsconfig.core.json'), 'utf8')).toContain('"packages/hay-stack/src/index.ts"');
});

it('makes tests that pass', async () => {
  const { stdout } = await run('vitest', 'run', '--root', root);

  expect(stdout).toContain('4 passed');
});

it('makes a README whose example runs to the letter', async () => {
  const readme = readFileSync(join(root, 'packages/hay-stack/README.md'), 'utf8');
  const code = /^```ts\n(?<code>[\s\S]*?)^```$/m.exec(readme)?.groups?.['code'] ?? '';
  writeFileSync(join(root, 'packages/hay-stack/example.ts'), code);

  const { stdout } = await run('node', '--conditions=@corral/source', 'packages/hay-stack/example.ts');

  expect(stdout).toBe('true true false\n');
});

it('brings the changeset of its first release', () => {
  expect(readFileSync(join(root, '.changeset/hay-stack-1-first.md'), 'utf8')).toContain('"@corral/hay-stack": minor');
});

it.for([['Hay'], ['../hay'], ['hay--stack'], ['7up'], ['hay-stack']])('writes nothing for the name %s', ([name]) => {
  expect(() => writePackage(root, name, 'A sentence.')).toThrow(RangeError);
});
