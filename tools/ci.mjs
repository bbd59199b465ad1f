// `node tools/ci.mjs`: every check, then the tests; the last line is `N passed, N failed`.
// `node tools/ci.mjs check`: what a contributor runs before a push, without servers and browsers.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/**
 * Two lanes that run side by side; within a lane one check after the other. The second builds, the first needs no build.
 * @type {[name: string, command: string, args: string[]][][]}
 */
const lanes = [
  [
    ['format', 'oxfmt', ['--check']],
    ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
    ['types', 'node', ['tools/typecheck.mjs']],
    ['unused files and exports', 'knip', []],
  ],
  [
    ['changesets', 'node', ['tools/check-changesets.mjs']],
    ['build', 'turbo', ['run', 'build', '--output-logs=errors-only']],
    ['packages', 'node', ['tools/check-packages.mjs']],
    ["built packages on the system's Node", 'node', ['tools/check-built.mjs']],
  ],
];
const quick = process.argv[2] === 'check';
const counts = { passed: 0, failed: 0 };
const env = { ...process.env, NO_COLOR: '1' };

/** Runs a command, hands on what it prints, and resolves with its exit code and the whole output. */
function run(command, args, onOutput = () => {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        onOutput(chunk);
        output += chunk;
      });
    }
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** What a check has printed is shown when it has ended, so that two never mix. */
async function runLane(lane) {
  for (const [name, command, args] of lane) {
    const startMs = performance.now();
    const { code, output } = await run(command, args);
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    process.stdout.write(`${output}${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
    counts[code === 0 ? 'passed' : 'failed']++;
  }
}

const checked = Promise.all(lanes.map(runLane));
// Tests of faults and time-outs want the machine for themselves; unit tests do not mind.
if (!quick) await checked;

const tests = quick ? ['run', 'test:unit'] : ['test'];
const { code, output } = await run('npm', ['--silent', ...tests], (chunk) => process.stdout.write(chunk));
await checked;
const totals = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
counts.passed += Number(totals?.[1] ?? 0);
counts.failed += Number(totals?.[2] ?? 0);
// A runner that dies before it has counted, or that fails for another reason than a test, has failed all the same.
if (code !== 0 && !(Number(totals?.[2]) > 0)) counts.failed++;
if (!(Number(totals?.[1]) > 0)) {
  console.log('FAILED no test ran');
  counts.failed++;
}

console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
