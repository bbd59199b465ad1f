// `npm run new:package -- <name> "<what it does, one sentence>"`: a package that passes `npm run check` at once, with
// the shape that all packages here have. Fill it with life; what it shows is how the code reads, not what it should do.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFiles } from './new-package-files.ts';

const usage = 'usage: npm run new:package -- <name> "<what it does, one sentence>"   (name: a-z, 0-9, -)';

/** Writes the package below `root`. @throws {RangeError} The name is no npm name, or is taken; nothing is written. */
export function writePackage(root: string, name: string | undefined, description: string | undefined): void {
  if (name === undefined || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new RangeError(`name: ${name}\n${usage}`);
  if (description === undefined || description.trim() === '')
    throw new RangeError(`description: expected one sentence\n${usage}`);
  if (existsSync(join(root, 'packages', name))) throw new RangeError(`name: packages/${name} exists`);

  const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
  for (const [path, text] of Object.entries(packageFiles(name, description.trim(), licence))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  // The core is compiled without the types of Node too.
  const cores = join(root, 'tsconfig.core.json');
  const listed = readFileSync(cores, 'utf8').replace(
    '"files": [\n',
    `"files": [\n    "packages/${name}/src/index.ts",\n`,
  );
  writeFileSync(cores, listed);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const [name, description] = process.argv.slice(2);
  try {
    writePackage(root, name, description);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    process.exit(64);
  }
  const { status } = spawnSync('pnpm', ['install', '--no-frozen-lockfile', '--prefer-offline'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log(`
packages/${name} is there, with a changeset. Next:
  npm run check                         # passes
  packages/${name}/README.md            # the shortest whole program first; it runs in CI to the letter
  tools/release-dry/budgets.mjs         # what it may weigh
  README.md, docs/dictionary.md         # a line in the table, the words of its field
  npm run release:dry -- ${name}`);
}
