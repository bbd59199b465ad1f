// `npm run release:dry [-- package...]`: releases every package to a registry in memory, and uses each as a stranger would.
//
// 1. Copies the working tree, applies the changesets there, and publishes every package to a registry on 127.0.0.1.
// 2. Looks at each tarball: publint, are-the-types-wrong, no test, no source map, nothing of ours that is internal.
// 3. Installs each package in an empty folder with the command of its README.
// 4. Runs the README's example to the letter, as ESM and as CJS, on every Node that is supported; the core in Chromium.
// 5. Checks the types, every door of them, with every TypeScript and module resolution that is supported.
// 6. Prints what each package weighs, next to its budget.
//
// With --serve it stops after the first step and keeps the registry, to try the release in a project of your own.
//
// This tree is only read (but for dist/, which is built). Everything else lies in temporary folders and ends with this
// process, also on Ctrl-C.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startPostgres, startRedis } from '@corral-internal/test-kit/servers';
import { problemsOfTarball } from '../tarball.mjs';
import { runInBrowser } from './browser.mjs';
import { checkBudget } from './budgets.mjs';
import { addTypes, installAsTold, weigh } from './consumer.mjs';
import { exampleOf, runExample } from './example.mjs';
import { fetchNodes } from './nodes.mjs';
import { publishReleases } from './publish.mjs';
import { startRegistry } from './registry.mjs';
import { typeChecks } from './types.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const serve = process.argv.includes('--serve');
const wanted = process.argv.slice(2).filter((name) => name !== '--serve');
const names = readdirSync(`${root}packages`);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`release:dry: no package ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(64);
}
let failures = 0;

function say(ok, what, detail = '') {
  if (!ok) failures++;
  console.log(
    `${ok ? 'ok    ' : 'FAILED'} ${what}${ok || detail === '' ? '' : `\n       ${detail.replaceAll('\n', '\n       ')}`}`,
  );
}

/** Runs the checks, a few at a time, and tells their outcomes in order. */
async function sayAll(checks) {
  const outcomes = checks.map(() => undefined);
  const queue = checks.entries(); // the workers share one iterator
  const worker = async () => {
    for (const [index, check] of queue) {
      outcomes[index] = await check.run().catch((error) => ({ ok: false, output: error.message }));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  for (const [index, { ok, output }] of outcomes.entries()) say(ok, checks[index].title, output);
}

const startMs = performance.now();
const registry = await startRegistry();
if (serve) {
  const published = await publishReleases(root, registry);
  console.log(published.map(({ name, version }) => `@corral/${name} ${version}`).join('\n'));
  console.log(`\nnpm install --@corral:registry=${registry.url} @corral/${published[0].name}\n\nuntil Ctrl-C`);
  process.once('SIGINT', () => process.exit(0));
  await new Promise(() => {});
}
const [releases, nodes, postgres, redis] = await Promise.all([
  publishReleases(root, registry),
  fetchNodes(root),
  startPostgres(),
  startRedis(),
]);

function exampleChecks(release, consumer) {
  const example = exampleOf(release.readme);
  if (example === undefined) throw new Error(`${release.name}/README.md has no \`\`\`ts block under "## Use"`);
  return nodes.flatMap((node, nodeIndex) =>
    ['ESM', 'CJS'].map((form, formIndex) => ({
      title: `README example as ${form} on Node ${node.version}`,
      run: async () => {
        // A database of its own for each, of Redis too.
        const REDIS_URL = `${redis.url}/${1 + 2 * nodeIndex + formIndex}`;
        const env = { ...process.env, DATABASE_URL: await postgres.createDatabase(), REDIS_URL };
        return runExample(example, consumer, node, form, env);
      },
    })),
  );
}

try {
  for (const release of releases.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    console.log(`\n@corral/${release.name} ${release.version}\n${release.notes}\n`);
    const problems = [...problemsOfTarball(release.tarball)];
    say(
      problems.length === 0,
      'the tarball: publint, types of every door, nothing that does not belong',
      problems.join('\n'),
    );
    const weight = await weigh(release, registry);
    const budget = checkBudget(root, release, weight);
    say(budget.ok, budget.line);
    const consumer = await installAsTold(release, registry);
    say(true, `${consumer.command} in an empty folder, ${consumer.seconds} s`);
    await sayAll([
      ...exampleChecks(release, consumer),
      { title: 'the core as ES modules in Chromium', run: () => runInBrowser(release, consumer) },
    ]);
    await addTypes(release, consumer);
    await sayAll(typeChecks(root, release, consumer));
  }
} finally {
  registry.close();
  await Promise.all([postgres.close(), redis.close()]);
}
const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
console.log(failures === 0 ? `\nA release would work (${seconds} s).` : `\n${failures} failures (${seconds} s).`);
process.exitCode = failures === 0 ? 0 : 1;
