import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { guardedFolder } from '@corral-internal/test-kit/servers';
import { npmrcFor } from './registry.mjs';
import { run } from './run.mjs';

/**
 * Builds, copies the tree to a temporary folder, applies the changesets there and publishes every package to `registry`.
 * This tree is only read; the copy goes with this process, however it ends.
 * @returns {Promise<{ name: string, version: string, tarball: string, notes: string, readme: string, manifest: any }[]>}
 */
export async function publishReleases(root, registry) {
  await run('turbo', ['run', 'build', '--output-logs=errors-only'], { cwd: root });

  const folder = guardedFolder('corral-release-');
  const tree = join(folder, 'tree');
  const listed = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.trim().split('\n')) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
  const names = readdirSync(join(tree, 'packages'));
  for (const name of names) {
    cpSync(join(root, 'packages', name, 'dist'), join(tree, 'packages', name, 'dist'), { recursive: true });
  }
  writeFileSync(join(tree, '.npmrc'), npmrcFor(registry.url));
  // changesets looks for itself beside the tree; nothing else of node_modules is to be touched from there.
  mkdirSync(join(tree, 'node_modules'));
  symlinkSync(join(root, 'node_modules', '@changesets'), join(tree, 'node_modules', '@changesets'));

  // A release is made from a commit and tags it; the copy has a history of one.
  const env = { ...process.env, PNPM_CONFIG_VERIFY_DEPS_BEFORE_RUN: 'false' };
  for (const identity of ['AUTHOR', 'COMMITTER']) {
    env[`GIT_${identity}_NAME`] = 'rehearsal';
    env[`GIT_${identity}_EMAIL`] = 'rehearsal@localhost';
  }
  await run('git', ['init', '--quiet', '--initial-branch=main'], { cwd: tree, env });
  await run('git', ['add', '--all'], { cwd: tree, env });
  await run('git', ['commit', '--quiet', '--no-verify', '--message', 'tree'], { cwd: tree, env });
  if (readdirSync(join(tree, '.changeset')).some((file) => file.endsWith('.md') && file !== 'README.md')) {
    await run('changeset', ['version'], { cwd: tree, env });
  }
  await run('changeset', ['publish'], { cwd: tree, env });

  return names.map((name) => {
    const own = join(tree, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
    const published = registry.tarballs.get(manifest.name);
    if (published === undefined) throw new Error(`${manifest.name}@${manifest.version} did not reach the registry`);
    const tarball = join(folder, `${name}.tgz`);
    writeFileSync(tarball, published);
    return {
      name,
      version: manifest.version,
      manifest,
      readme: readFileSync(join(own, 'README.md'), 'utf8'),
      tarball,
      notes: newestNotes(join(own, 'CHANGELOG.md')),
    };
  });
}

/** What the changelog says of this release. */
function newestNotes(path) {
  if (!existsSync(path)) return '  nothing to release';
  const [, newest = ''] = readFileSync(path, 'utf8').split(/^## /m);
  return newest
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => `  ${line}`)
    .join('\n');
}
