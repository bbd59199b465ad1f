import { stripTypeScriptTypes } from 'node:module';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The first program under "## Use", to the letter. */
export function exampleOf(readme) {
  return /^## Use$[\s\S]*?^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
}

/** What a program says that it prints: the rest of each line after `// prints:`. */
export const promisesOf = (code) => [...code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1].trim());

/** Runs a program with `node`; it has to end by itself with 0 and to print what it says that it prints. */
export async function runExample(example, { folder }, node, form, env) {
  // Old releases of Node run JavaScript alone: the types are cut out, nothing else is changed.
  const code = stripTypeScriptTypes(example);
  const file = join(folder, `example-${node.version}.${form === 'ESM' ? 'mjs' : 'cjs'}`);
  writeFileSync(file, form === 'ESM' ? code : asCommonJs(code));
  const child = spawn(node.path, [file], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  const [status, stdout, stderr] = await Promise.all([
    new Promise((resolve) => child.on('close', (exit, signal) => resolve(signal ?? exit))),
    text(child.stdout),
    text(child.stderr),
  ]);
  const missing = promisesOf(example).filter((promise) => !stdout.includes(promise));
  if (status === 0 && missing.length === 0 && stdout !== '') return { ok: true, output: '' };
  return {
    ok: false,
    output: `exit ${status}, not printed: ${missing.join(' | ') || '-'}\n${stdout}${stderr}`.trim(),
  };
}

/** The same program with `require`, as its user would write it: imports become requires, the rest an async function. */
export function asCommonJs(code) {
  const requires = [];
  const body = code.replaceAll(/^import (?:(\w+),? ?)?(?:\{([^}]*)\} )?from '([^']+)';$/gm, (_, whole, names, from) => {
    if (whole !== undefined) requires.push(`const ${whole} = require('${from}').default ?? require('${from}');`);
    if (names !== undefined) requires.push(`const {${names.replaceAll(' as ', ': ')}} = require('${from}');`);
    return '';
  });
  return `'use strict';\n${requires.join('\n')}\n(async () => {\n${body}\n})();\n`;
}
