import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guardedFolder } from '@corral-internal/test-kit/servers';

/** Types that a TypeScript user of a peer has installed too. */
const typesOf = { pg: '@types/pg@8.23.1' };

/**
 * An empty folder with this one package in it, as `npm install` leaves it. What it needs of ours comes along as a
 * tarball, since the registry does not have it yet; peers come from the registry.
 */
export function installAlone(release, all) {
  const folder = guardedFolder(`corral-consumer-${release.name}-`);
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const own = Object.keys(release.manifest.dependencies ?? {}).map((dependency) => {
    const needed = all.find(({ name }) => `@corral/${name}` === dependency);
    if (needed === undefined) throw new Error(`${release.name} depends on ${dependency}, which is not released here`);
    return needed.tarball;
  });
  const peers = Object.keys(release.manifest.peerDependencies ?? {});
  const pinned = peers.map((peer) => `${peer}@${release.manifest.devDependencies[peer]}`);
  const types = peers.flatMap((peer) => typesOf[peer] ?? []);
  const startMs = performance.now();
  const options = ['install', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', [...options, release.tarball, ...own, ...pinned], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  execFileSync('npm', [...options, '--save-dev', '@types/node@24.19.2', ...types], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { folder, seconds };
}
