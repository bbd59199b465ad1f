// What npm would deliver: the rules that hold for every tarball of a package.
import { spawnSync } from 'node:child_process';

const run = (command, args) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return { ok: status === 0, output: `${stdout}${stderr}`.trim() };
};

const foreignFiles = /\.(test|contract|bench|model)\.|\.map$|\.tsbuildinfo$|\/(src|tests|bench|node_modules)\//;
const neededFiles = ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts'];
const foreignText = ['@corral-internal/', '@corral/source', 'workspace:', 'sourceMappingURL'];

/** Each rule that the tarball at `path` breaks; nothing if it may be published. */
export function* problemsOfTarball(path) {
  const files = run('tar', ['-tzf', path]).output.split('\n');
  for (const file of files.filter((entry) => foreignFiles.test(entry))) yield `does not belong in the tarball: ${file}`;
  for (const needed of neededFiles) if (!files.includes(`package/${needed}`)) yield `missing in the tarball: ${needed}`;

  // The developers' own dependencies stay in the manifest, as everywhere on npm; nobody installs them.
  const shipped = files.filter((file) => /\/dist\/.+\.(js|cjs|d\.ts|d\.cts)$/.test(file));
  const text = run('tar', ['-xzOf', path, ...shipped]).output;
  const manifest = JSON.parse(run('tar', ['-xzOf', path, 'package/package.json']).output);
  const { devDependencies: _own, ...published } = manifest;
  for (const word of foreignText) {
    if (text.includes(word) || JSON.stringify(published).includes(word))
      yield `speaks of ${word} outside this repository`;
  }

  const publint = run('publint', [path, '--strict']);
  if (!publint.ok) yield publint.output;
  const types = run('attw', [path, '--profile', 'node16', '--format', 'ascii']);
  if (!types.ok) yield types.output;
}
