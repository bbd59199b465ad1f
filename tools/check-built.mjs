// Loads every door of every built package, as ESM and as CJS, on the Node that started npm (Node 20 on an old system)
// and on the pinned one, and looks whether both forms export the same names.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages', import.meta.url));
const nodes = [...new Set([process.env.CORRAL_SYSTEM_NODE, process.execPath])].filter((node) => node !== undefined);

/** The names that a door exports, or what went wrong. The package refers to itself, so its own `exports` apply. */
function exportsOf(node, name, specifier, form) {
  const list = 'Object.keys(m).filter((key) => key !== "default" && key !== "module.exports" && key !== "__esModule")';
  const code =
    form === 'esm'
      ? `import * as m from ${JSON.stringify(specifier)}; console.log(JSON.stringify(${list}.sort()))`
      : `const m = require(${JSON.stringify(specifier)}); console.log(JSON.stringify(${list}.sort()))`;
  const args = [`--input-type=${form === 'esm' ? 'module' : 'commonjs'}`, '--eval', code];
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: `${packages}/${name}`, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : `failed: ${stderr.trim()}`;
}

for (const node of nodes) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  for (const name of readdirSync(packages)) {
    const { exports } = JSON.parse(readFileSync(`${packages}/${name}/package.json`, 'utf8'));
    const doors = Object.keys(exports).filter((door) => door !== './package.json');
    for (const door of doors) {
      const specifier = `@corral/${name}${door.slice(1)}`;
      const esm = exportsOf(node, name, specifier, 'esm');
      const cjs = exportsOf(node, name, specifier, 'cjs');
      const ok = esm.startsWith('["') && esm === cjs;
      console.log(`${ok ? 'ok    ' : 'FAILED'} ${version} ${specifier}`);
      if (!ok) {
        console.log(`       ESM: ${esm}\n       CJS: ${cjs}`);
        process.exitCode = 1;
      }
    }
  }
}
