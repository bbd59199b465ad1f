import { spawnSync } from 'node:child_process';
import { stripTypeScriptTypes } from 'node:module';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first program under "## Use", to the letter. */
export function exampleOf(readme) {
  return /^## Use$[\s\S]*?^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
}

/** Runs the README's example with `node`; it has to end by itself with 0 and to print what it says that it prints. */
export function runExample({ readme }, { folder }, node, form, env) {
  const example = exampleOf(readme);
  if (example === undefined) return { ok: false, output: 'the README has no ```ts block under "## Use"' };
  const promises = [...example.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1].trim());
  // Old releases of Node run JavaScript alone: the types are cut out, nothing else is changed.
  const code = stripTypeScriptTypes(example);
  const file = join(folder, form === 'ESM' ? 'example.mjs' : 'example.cjs');
  writeFileSync(file, form === 'ESM' ? code : asCommonJs(code));
  const { status, signal, stdout, stderr } = spawnSync(node, [file], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const missing = promises.filter((promise) => !stdout.includes(promise));
  if (status === 0 && missing.length === 0 && stdout !== '') return { ok: true, output: '' };
  return {
    ok: false,
    output: `exit ${status ?? signal}, not printed: ${missing.join(' | ') || '-'}\n${stdout}${stderr}`.trim(),
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
