import { lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guardedFolder } from '@corral-internal/test-kit/servers';
import { npmrcFor } from './registry.mjs';
import { run } from './run.mjs';

/** Types that a TypeScript user of a peer has installed too. */
const typesOf = { pg: '@types/pg@8.23.1' };
const quietly = ['--no-audit', '--no-fund', '--prefer-offline'];

function emptyFolder(name, registry) {
  const folder = guardedFolder(`corral-consumer-${name}-`);
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
  writeFileSync(join(folder, '.npmrc'), npmrcFor(registry.url));
  return folder;
}

/** The command that the README tells its reader to type. */
export function installCommandOf(readme) {
  return /^```sh\n(npm install [^#\n]*)/m.exec(readme)?.[1].trim().split(' ');
}

/** What comes along with a package when nothing but itself is asked for: peers are the user's own. */
export async function weigh({ name, manifest }, registry) {
  const folder = emptyFolder(name, registry);
  await run('npm', ['install', ...quietly, '--legacy-peer-deps', manifest.name], { cwd: folder });
  const installed = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  return {
    installKb: sizeOf(join(folder, 'node_modules')) / 1_000,
    dependencies: Object.keys(installed).length - 1,
  };
}

function sizeOf(path) {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path)
    .filter((name) => name !== '.package-lock.json')
    .reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** An empty folder in which the README's own command was typed. */
export async function installAsTold({ name, readme }, registry) {
  const command = installCommandOf(readme);
  if (command === undefined) throw new Error(`${name}/README.md has no \`\`\`sh block that starts with "npm install"`);
  const folder = emptyFolder(name, registry);
  const startMs = performance.now();
  await run(command[0], [command[1], ...quietly, ...command.slice(2)], { cwd: folder });
  return { folder, command: command.join(' '), seconds: ((performance.now() - startMs) / 1_000).toFixed(1) };
}

/** What a TypeScript user of every door has beside it: the peers that the README's command left out, and types. */
export async function addTypes({ manifest }, { folder }) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const peers = Object.keys(manifest.peerDependencies ?? {});
  const missing = peers.filter((peer) => dependencies[peer] === undefined);
  const wanted = [
    '@types/node@24.19.2',
    ...missing.map((peer) => `${peer}@${manifest.devDependencies[peer]}`),
    ...peers.flatMap((peer) => typesOf[peer] ?? []),
  ];
  await run('npm', ['install', ...quietly, '--save-dev', ...wanted], { cwd: folder });
}
