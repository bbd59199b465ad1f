// `npm run bench -- [package...]`: runs every bench of the named packages (default: all), one after the other.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const all = readdirSync('packages').filter((name) => existsSync(`packages/${name}/bench`));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`bench: no bench for ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(64);
}

for (const name of wanted.length > 0 ? wanted : all) {
  for (const file of readdirSync(`packages/${name}/bench`).filter((entry) => entry.endsWith('.bench.ts'))) {
    const path = `packages/${name}/bench/${file}`;
    console.log(`\n> ${path}\n`);
    const { status } = spawnSync('node', ['--expose-gc', '--conditions=@corral/source', path], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
