// `npm run release:version`: turns the changesets into versions and CHANGELOGs. The release workflow runs it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
for (const [command, ...args] of [
  ['changeset', 'version'],
  // changesets writes manifests in a form of its own.
  ['oxfmt', 'packages/*/package.json'],
]) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
