// Everything; what is published, with the types of Node 20; the cores, without the types of Node; the demo's page, with
// those of a browser.
import { spawnSync } from 'node:child_process';

const programs = ['tsconfig.json', 'tsconfig.packages.json', 'tsconfig.core.json', 'apps/demo/dashboard/tsconfig.json'];
const failed = programs.filter((program) => spawnSync('tsc', ['-p', program], { stdio: 'inherit' }).status !== 0);
if (failed.length > 0) console.error(`types: errors in ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
