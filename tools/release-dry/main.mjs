// `npm run release:dry`: releases every package without publishing anything, and uses it as a stranger would.
//
// 1. Copies the working tree, applies the changesets there, and packs each package.
// 2. Installs each package alone in an empty folder, with the peers that its README asks for.
// 3. Runs the README's example to the letter, as ESM and as CJS, on every Node that is supported.
// 4. Checks the types, every door of them, with every TypeScript and module resolution that is supported.
// 5. Prints sizes and dependencies next to their budgets.
import { fileURLToPath } from 'node:url';
import { startPostgres, startRedis } from '@corral-internal/test-kit/servers';
import { checkBudgets } from './budgets.mjs';
import { installAlone } from './consumer.mjs';
import { runExample } from './example.mjs';
import { fetchNodes } from './nodes.mjs';
import { packReleases } from './pack.mjs';
import { checkTypes } from './types.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const wanted = process.argv.slice(2);
let failures = 0;

function say(ok, what, detail = '') {
  if (!ok) failures++;
  console.log(
    `${ok ? 'ok    ' : 'FAILED'} ${what}${ok || detail === '' ? '' : `\n       ${detail.replaceAll('\n', '\n       ')}`}`,
  );
}

const [releases, nodes, postgres, redis] = await Promise.all([
  packReleases(root),
  fetchNodes(root),
  startPostgres(),
  startRedis(),
]);
try {
  for (const { name, version, notes } of releases.packages) console.log(`\n@corral/${name} ${version}\n${notes}`);
  const unknown = wanted.filter((name) => !releases.packages.some((release) => release.name === name));
  if (unknown.length > 0) throw new RangeError(`release:dry: no package ${unknown.join(', ')}`);

  for (const release of releases.packages) {
    if (wanted.length > 0 && !wanted.includes(release.name)) continue;
    console.log(`\n@corral/${release.name} ${release.version}`);
    const consumer = installAlone(release, releases.packages);
    say(true, `installed alone in an empty folder in ${consumer.seconds} s`);
    for (const node of nodes) {
      const env = { ...process.env, DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url };
      for (const form of ['ESM', 'CJS']) {
        const { ok, output } = runExample(release, consumer, node.path, form, env);
        say(ok, `README example as ${form} on Node ${node.version}`, output);
      }
    }
    for (const { ok, title, output } of checkTypes(root, release, consumer)) say(ok, title, output);
  }
  console.log('');
  for (const { ok, line } of checkBudgets(root, releases.packages)) say(ok, line);
} finally {
  await Promise.all([postgres.close(), redis.close()]);
}
console.log(failures === 0 ? '\nA release would work.' : `\n${failures} failures.`);
process.exitCode = failures === 0 ? 0 : 1;
