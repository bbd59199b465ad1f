// `npm run bench -- [package[/part]...]`: runs every bench of the named packages, or one part (`db-pool/faults`), one after
// the other; without a name all of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const all = readdirSync('packages').filter((name) => existsSync(`packages/${name}/bench`));
const wanted = process.argv.slice(2);
const partsOf = (name) =>
  readdirSync(`packages/${name}/bench`)
    .filter((entry) => entry.endsWith('.bench.ts'))
    .map((entry) => `${name}/${entry.replace('.bench.ts', '')}`);
const parts = all.flatMap(partsOf);
const asked = (part) => wanted.length === 0 || wanted.some((one) => part === one || part.startsWith(`${one}/`));
const unknown = wanted.filter((one) => !parts.some((part) => part === one || part.startsWith(`${one}/`)));
if (unknown.length > 0) {
  console.error(`bench: no bench for ${unknown.join(', ')}; there are ${parts.join(', ')}`);
  process.exit(64);
}

for (const part of parts.filter(asked)) {
  const path = `packages/${part.replace('/', '/bench/')}.bench.ts`;
  console.log(`\n> ${path}\n`);
  const { status } = spawnSync('node', ['--expose-gc', '--conditions=@corral/source', path], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
