// Loads every door of every built package, as ESM and as CJS, on the Node that started npm (Node 20 on an old system)
// and on the pinned one, and looks whether both forms export the same names.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages', import.meta.url));
const nodes = [...new Set([process.env.CORRAL_SYSTEM_NODE, process.execPath])].filter((node) => node !== undefined);

const program = (load) => `(async () => {
  const namesOf = (m) => Object.keys(m).filter((key) => !['default', 'module.exports', '__esModule'].includes(key)).sort();
  for (const door of process.argv.slice(1)) {
    try { console.log(JSON.stringify(namesOf(${load}))); } catch (error) { console.log('failed: ' + error); }
  }
})()`;
const loads = { module: 'await import(door)', commonjs: 'require(door)' };

/** For each door the names that it exports, or what went wrong. The package refers to itself, so its own `exports` apply. */
function exportsOf(node, name, doors, form) {
  const args = [`--input-type=${form}`, '--eval', program(loads[form]), ...doors];
  const { stdout, stderr } = spawnSync(node, args, { cwd: `${packages}/${name}`, encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  return doors.map((_, index) => lines[index] || `failed: ${stderr.trim()}`);
}

for (const node of nodes) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  for (const name of readdirSync(packages)) {
    const { exports } = JSON.parse(readFileSync(`${packages}/${name}/package.json`, 'utf8'));
    const doors = Object.keys(exports)
      .filter((door) => door !== './package.json')
      .map((door) => `@corral/${name}${door.slice(1)}`);
    const esm = exportsOf(node, name, doors, 'module');
    const cjs = exportsOf(node, name, doors, 'commonjs');
    for (const [index, door] of doors.entries()) {
      const ok = esm[index].startsWith('["') && esm[index] === cjs[index];
      console.log(`${ok ? 'ok    ' : 'FAILED'} ${version} ${door}`);
      if (!ok) {
        console.log(`       ESM: ${esm[index]}\n       CJS: ${cjs[index]}`);
        process.exitCode = 1;
      }
    }
  }
}
