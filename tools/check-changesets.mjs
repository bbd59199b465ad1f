// A change under packages/*/src since the base (default: origin/main, else the parent commit) carries a changeset that names the package.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const exists = (revision) => {
  try {
    return git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`) !== '';
  } catch {
    return false;
  }
};
const base = [process.argv[2], process.env.CHANGESET_BASE, 'origin/main', 'HEAD^'].find((name) => name && exists(name));

const isSource = (path) => /^packages\/[^/]+\/src\//.test(path) && !/\.(test|contract)\.ts$/.test(path);
const changed =
  base === undefined ? [] : git('diff', '--name-only', base, '--', 'packages').split('\n').filter(isSource);
const packages = [...new Set(changed.map((path) => path.split('/')[1]))];

const described = readdirSync('.changeset')
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => readFileSync(`.changeset/${file}`, 'utf8').split('---')[1] ?? '')
  .join('\n');
const released = git('diff', '--name-only', base ?? 'HEAD', '--', 'packages/*/CHANGELOG.md');
const missing = packages.filter(
  (name) =>
    !described.includes(`@corral/${name}"`) &&
    !described.includes(`@corral/${name}'`) &&
    !released.includes(`/${name}/`),
);
for (const name of missing) {
  console.error(`@corral/${name} has changed since ${base}, and no changeset names it. Run "npm run changeset".`);
}
process.exitCode = missing.length > 0 ? 1 : 0;
