import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { guardedFolder } from '@corral-internal/test-kit/servers';

/**
 * Builds, copies the tree to a temporary folder, applies the changesets there and packs every package.
 * @returns {Promise<{ packages: { name: string, version: string, tarball: string, notes: string, readme: string, manifest: any }[] }>}
 */
export async function packReleases(root) {
  const run = (command, args, cwd) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  run('turbo', ['run', 'build', '--output-logs=errors-only'], root);

  const folder = guardedFolder('corral-release-');
  const tree = join(folder, 'tree');
  const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], root).trim().split('\n');
  for (const file of files.filter((path) => existsSync(join(root, path)))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
  // changesets finds its changelog writer beside the tree; nothing else of node_modules is to be touched from there.
  mkdirSync(join(tree, 'node_modules'));
  symlinkSync(join(root, 'node_modules', '@changesets'), join(tree, 'node_modules', '@changesets'));
  // changesets reads the history to credit commits; an empty one will do.
  run('git', ['init', '--quiet'], tree);
  run('changeset', ['version'], tree);

  const packages = readdirSync(join(tree, 'packages')).map((name) => {
    const own = join(tree, 'packages', name);
    cpSync(join(root, 'packages', name, 'dist'), join(own, 'dist'), { recursive: true });
    run('pnpm', ['--config.verify-deps-before-run=false', 'pack', '--pack-destination', folder], own);
    const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
    return {
      name,
      version: manifest.version,
      manifest,
      readme: existsSync(join(own, 'README.md')) ? readFileSync(join(own, 'README.md'), 'utf8') : '',
      tarball: join(folder, `corral-${name}-${manifest.version}.tgz`),
      notes: newestNotes(join(own, 'CHANGELOG.md')),
    };
  });
  return { packages };
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
