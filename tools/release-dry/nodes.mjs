import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest supported release, and the current one of each later line. */
const versions = ['20.19.0', '20.20.2', '22.23.3', '24.21.0', '26.10.0'];

/** Every supported Node, fetched once through npm and kept below node_modules/.cache. */
export async function fetchNodes(root) {
  const folder = join(root, 'node_modules', '.cache', 'corral', 'nodes');
  const binary = `node-${process.platform}-${process.arch}`;
  const path = (version) => join(folder, 'node_modules', `node-${version}`, 'bin', 'node');
  const missing = versions.filter((version) => !existsSync(path(version)));
  if (missing.length > 0) {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const aliases = missing.map((version) => `node-${version}@npm:${binary}@${version}`);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-bin-links', ...aliases], {
      cwd: folder,
      stdio: 'ignore',
    });
  }
  return versions.map((version) => ({ version, path: path(version) }));
}
