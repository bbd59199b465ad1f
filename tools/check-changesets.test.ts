import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let repository: string;

const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
const git = (...args: string[]) => execFileSync('git', [...identity, ...args], { cwd: repository, stdio: 'ignore' });

function commit(files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), content);
  }
  git('add', '--all');
  git('commit', '--quiet', '--message', 'change');
}

function check(base = 'main'): { status: number | null; stderr: string } {
  const env = { ...process.env, CHANGESET_BASE: '' };
  const options = { env, encoding: 'utf8' } as const;
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(repository, 'tools/check-changesets.mjs'), base],
    options,
  );
  return { status, stderr };
}

const changeset = (name: string) => `---\n"@corral/${name}": patch\n---\n\nIt does something else.\n`;

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'corral-changesets-'));
  mkdirSync(join(repository, 'tools'));
  cpSync(
    fileURLToPath(new URL('check-changesets.mjs', import.meta.url)),
    join(repository, 'tools/check-changesets.mjs'),
  );
  git('init', '--quiet', '--initial-branch=main');
  commit({
    'packages/one/src/one.ts': '1',
    'packages/two/src/two.ts': '2',
    '.changeset/README.md': 'about',
    '.changeset/before.md': changeset('one'),
  });
  git('checkout', '--quiet', '-b', 'change');
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

it('names the package whose source has changed without a changeset', () => {
  commit({ 'packages/two/src/two.ts': 'changed' });

  const { status, stderr } = check();

  expect(status).toBe(1);
  expect(stderr).toContain('@corral/two has changed since');
  expect(stderr).not.toContain('@corral/one');
});

it('is content with a changeset that came with the change', () => {
  commit({ 'packages/two/src/two.ts': 'changed', '.changeset/two.md': changeset('two') });

  expect(check()).toEqual({ status: 0, stderr: '' });
});

it('does not take a changeset of an earlier change, or of another package, for this one', () => {
  commit({ 'packages/one/src/one.ts': 'changed', '.changeset/two.md': changeset('two') });

  expect(check().status).toBe(1);
});

it('sees what is not committed yet', () => {
  writeFileSync(join(repository, 'packages/two/src/new.ts'), 'new');
  expect(check().status).toBe(1);

  writeFileSync(join(repository, '.changeset/two.md'), changeset('two'));
  expect(check().status).toBe(0);
});

it('asks nothing of tests and what only they use, of documents and benches', () => {
  for (const part of ['test', 'property.test', 'contract', 'model', 'fixture']) {
    commit({ [`packages/two/src/two.${part}.ts`]: part });
  }
  commit({ 'packages/two/README.md': 'text', 'packages/two/bench/x.ts': 'x' });

  expect(check().status).toBe(0);
});

it('asks nothing of what others merged into main meanwhile', () => {
  git('checkout', '--quiet', 'main');
  commit({ 'packages/two/src/two.ts': 'of somebody else' });
  git('checkout', '--quiet', 'change');

  expect(check().status).toBe(0);
});

it('lets the pull request pass that turns changesets into a changelog', () => {
  commit({ 'packages/one/src/one.ts': 'changed', 'packages/one/CHANGELOG.md': '## 0.1.0' });

  expect(check().status).toBe(0);
});
