// Packs every published package and looks at the tarball as npm would deliver it: publint, are-the-types-wrong, the
// files in it, the doors, the dependencies, and the size of the core.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coreProblem } from './release-dry/budgets.mjs';
import { problemsOfTarball } from './tarball.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'corral-pack-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const run = (command, args, cwd = root) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { ok: status === 0, output: `${stdout}${stderr}`.trim() };
};
const read = (name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));

/** The doors as npm sees them: those of development, without the way to the sources. */
const published = (doors) =>
  Object.fromEntries(
    Object.entries(doors).map(([door, target]) => {
      if (typeof target === 'string') return [door, target];
      const { '@corral/source': _source, ...rest } = target;
      return [door, rest];
    }),
  );

/** What a package may bring along: nothing, or the one edge between packages. */
const allowedDependencies = { 'ttl-cache': ['@corral/singleflight'] };

/** What a core may import beside its own files. */
const allowedImports = { 'ttl-cache': ['@corral/singleflight'], 'db-pool': ['pg'] };

/** Everything from outside that a built file imports, directly or through the package's own files. */
function importsOf(file, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  const specifiers = [...readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g)].map(
    (match) => match[1],
  );
  return specifiers.flatMap((specifier) =>
    specifier.startsWith('.') ? importsOf(join(dirname(file), specifier), seen) : [specifier],
  );
}

function* problemsOf(name) {
  const manifest = read(name);
  if (JSON.stringify(published(manifest.exports)) !== JSON.stringify(manifest.publishConfig.exports)) {
    yield 'publishConfig.exports differs from exports without @corral/source';
  }
  const allowed = allowedDependencies[name] ?? [];
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (!allowed.includes(dependency)) yield `unexpected dependency: ${dependency}`;
  }

  const packed = run('pnpm', ['pack', '--pack-destination', folder], join(root, 'packages', name));
  const tarball = readdirSync(folder).find((file) => file.startsWith(`corral-${name}-`));
  if (!packed.ok || tarball === undefined) {
    yield `pnpm pack failed: ${packed.output}`;
    return;
  }
  const path = join(folder, tarball);
  for (const specifier of importsOf(join(root, 'packages', name, 'dist/index.js'))) {
    if (!(allowedImports[name] ?? []).includes(specifier)) yield `the core imports ${specifier}`;
  }
  const oversize = coreProblem(root, name);
  if (oversize !== undefined) yield oversize;
  yield* problemsOfTarball(path);
}

/** What the verdict depends on: the package as it is built, the rules, and the tools in their versions; nothing without a build. */
function digestOf(name) {
  const own = join(root, 'packages', name);
  if (!existsSync(join(own, 'dist'))) return undefined;
  const built = readdirSync(join(own, 'dist'), { recursive: true, encoding: 'utf8' })
    .sort()
    .map((file) => join(own, 'dist', file));
  const house = [
    'pnpm-lock.yaml',
    'tools/check-packages.mjs',
    'tools/release-dry/budgets.mjs',
    'tools/tarball.mjs',
  ].map((file) => join(root, file));
  const hash = createHash('sha256');
  for (const file of [...built, ...['package.json', 'README.md', 'LICENSE'].map((file) => join(own, file)), ...house]) {
    if (statSync(file).isFile())
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

// A package that has passed and is the same as then passes.
const passed = join(root, 'node_modules', '.cache', 'corral', 'packages.json');
const known = existsSync(passed) ? JSON.parse(readFileSync(passed, 'utf8')) : {};

for (const name of readdirSync(join(root, 'packages'))) {
  const digest = digestOf(name);
  if (digest !== undefined && known[name] === digest) {
    console.log(`ok     @corral/${name} (as before)`);
    continue;
  }
  const problems = [...problemsOf(name)];
  known[name] = problems.length === 0 ? digest : undefined;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} @corral/${name}`);
  for (const problem of problems) console.log(`       ${problem.replaceAll('\n', '\n       ')}`);
  if (problems.length > 0) process.exitCode = 1;
}
mkdirSync(dirname(passed), { recursive: true });
writeFileSync(passed, JSON.stringify(known));
