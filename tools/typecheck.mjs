// Everything; what is published, with the types of Node 20; the cores, without the types of Node; the demo's page, with
// those of a browser. What did not change since the last run is not checked again: TypeScript keeps the account.
import { spawnSync } from 'node:child_process';

const programs = ['tsconfig.json', 'tsconfig.packages.json', 'tsconfig.core.json', 'apps/demo/dashboard/tsconfig.json'];
const failed = programs.filter((program) => {
  const account = `node_modules/.cache/corral/types/${program.replaceAll('/', '-')}.tsbuildinfo`;
  const args = ['-p', program, '--incremental', '--tsBuildInfoFile', account];
  return spawnSync('tsc', args, { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) console.error(`types: errors in ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
