// `npm run release:publish`: publishes every version that the registry does not have, with provenance. Runs in the
// release workflow alone: provenance says which commit and which run a tarball comes from, so there has to be one.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { GITHUB_REPOSITORY, GITHUB_SERVER_URL, ACTIONS_ID_TOKEN_REQUEST_URL } = process.env;
if (!GITHUB_REPOSITORY || !GITHUB_SERVER_URL || !ACTIONS_ID_TOKEN_REQUEST_URL) {
  console.error(
    'release:publish runs in .github/workflows/release.yml (it needs id-token: write). To try a release: npm run release:dry',
  );
  process.exit(64);
}

// npm accepts provenance only for a manifest that names the repository it comes from; a fork has a name of its own.
for (const name of readdirSync('packages')) {
  const path = `packages/${name}/package.json`;
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.repository = {
    type: 'git',
    url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`,
    directory: `packages/${name}`,
  };
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

for (const [command, ...args] of [
  ['turbo', 'run', 'build', '--output-logs=errors-only'],
  ['node', 'tools/check-packages.mjs'],
  ['changeset', 'publish'],
]) {
  const env = { ...process.env, PNPM_CONFIG_PROVENANCE: 'true' };
  const { status } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
