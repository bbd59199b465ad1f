// Runs one command of this repository with its own tools: `node tools/run.mjs <command> [arguments]`.
//
// Needs only Node 20 and npm. The first call fetches the pinned pnpm through npx and installs; later calls start at
// once, and install again only when the lock file has changed. The command finds `node_modules/.bin` first on its
// PATH, so `node` is the Node that this repository pins, not the one that started this script; with
// CORRAL_NODE=system it is the other way round.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.corral-installed');

const systemNode = process.env.CORRAL_SYSTEM_NODE ?? process.env.npm_node_execpath ?? process.execPath;
const first = process.env.CORRAL_NODE === 'system' ? [dirname(systemNode), bin] : [bin];
const env = {
  ...process.env,
  PATH: [...first, process.env.PATH ?? ''].join(delimiter),
  // npm puts node_modules/.bin first as well, so after the first install this script runs on the pinned Node too.
  CORRAL_SYSTEM_NODE: systemNode,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
};
// What npm says of its own configuration must not reach pnpm.
for (const name of Object.keys(env)) if (/^npm_(config|package|lifecycle)_/i.test(name)) delete env[name];

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'pnpm-workspace.yaml')))
    .digest('hex');
const installedHash = () => (existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined);

function install() {
  const wanted = lockHash();
  if (installedHash() === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Without --prefer-offline, npx asks the registry even for a version that it holds.
  const command = ['--yes', '--prefer-offline', packageManager, 'install', '--frozen-lockfile'];
  const { status, error } = spawnSync('npx', command, { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(`corral: "npx ${command.join(' ')}" failed${error ? `: ${error.message}` : ''}`);
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error('usage: node tools/run.mjs <command> [arguments]');
  process.exit(64);
}
install();

const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
process.on('SIGINT', () => {}); // the terminal sends it to the child as well; wait for the child to clean up
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('error', (error) => {
  console.error(`${command}: ${error.message}`);
  process.exitCode = 127;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
