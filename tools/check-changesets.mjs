// A change under packages/*/src since the base carries a changeset that names the package and that came with the change.
// The base is the first of: the argument, CHANGESET_BASE, where this branch left origin/main, the parent commit. Against
// a parent commit alone an older changeset will do: it may be the one before that described the whole.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const lines = (text) => text.split('\n').filter((line) => line !== '');

/** Where this branch left `revision`, or nothing if there is no such revision. */
function meeting(revision) {
  try {
    return git('merge-base', revision, 'HEAD');
  } catch {
    return undefined;
  }
}

const given = [process.argv[2], process.env.CHANGESET_BASE, 'origin/main'].filter((name) => name);
const branch = given.map(meeting).find((commit) => commit !== undefined);
const base = branch ?? meeting('HEAD^');
/** What differs from the base here, committed or not. */
const changedBelow = (folder) => [
  ...(base === undefined ? [] : lines(git('diff', '--name-only', base, '--', folder))),
  ...lines(git('ls-files', '--others', '--exclude-standard', '--', folder)),
];

const isSource = (path) => /^packages\/[^/]+\/src\//.test(path) && !/\.(test|contract|model|fixture)\.ts$/.test(path);
const changed = changedBelow('packages');
const packages = [...new Set(changed.filter(isSource).map((path) => path.split('/')[1]))];
// The pull request that releases has turned its changesets into a changelog.
const released = (name) => changed.includes(`packages/${name}/CHANGELOG.md`);

const files =
  branch === undefined
    ? readdirSync('.changeset').map((file) => `.changeset/${file}`)
    : changedBelow('.changeset').filter((file) => existsSync(file));
const described = new Set(
  files
    .filter((file) => file.endsWith('.md') && !file.endsWith('/README.md'))
    .flatMap((file) => [...(readFileSync(file, 'utf8').split('---')[1] ?? '').matchAll(/['"](.+?)['"]\s*:/g)])
    .map((match) => match[1]),
);

for (const name of packages.filter((name) => !described.has(`@corral/${name}`) && !released(name))) {
  console.error(
    `@corral/${name} has changed since ${base.slice(0, 9)}, and no changeset of this change names it. Run "npm run changeset".`,
  );
  process.exitCode = 1;
}
