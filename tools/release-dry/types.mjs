import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleOf } from './example.mjs';

const compilers = ['5.9.3', '6.0.3', '7.0.2'];
const resolutions = [
  { name: 'node16', module: 'node16', moduleResolution: 'node16' },
  { name: 'nodenext', module: 'nodenext', moduleResolution: 'nodenext' },
  { name: 'bundler', module: 'esnext', moduleResolution: 'bundler' },
];

/**
 * One check for each compiler and resolution: a program that imports every door, and the README's example, as ESM and as
 * CJS where there is such a thing.
 */
export function typeChecks(root, { readme, manifest }, { folder }) {
  const doors = Object.keys(manifest.publishConfig.exports).filter((door) => door !== './package.json');
  const specifiers = doors.map((door) => `${manifest.name}${door.slice(1)}`);
  const uses = specifiers.map((_, index) => `export type Door${index} = typeof door${index};`).join('\n');
  const esm = specifiers.map((specifier, index) => `import * as door${index} from '${specifier}';`).join('\n');
  const cjs = specifiers.map((specifier, index) => `import door${index} = require('${specifier}');`).join('\n');
  writeFileSync(join(folder, 'doors.mts'), `${esm}\n${uses}\n`);
  writeFileSync(join(folder, 'doors.cts'), `${cjs}\n${uses}\n`);
  writeFileSync(join(folder, 'example.mts'), `${exampleOf(readme) ?? ''}\nexport {};\n`);

  return compilers.flatMap((version) =>
    resolutions.map(({ name, ...resolution }) => ({
      title: `types with TypeScript ${version}, ${name}`,
      run: () =>
        compile(compiler(root, version), folder, `${version}-${name}`, {
          compilerOptions: {
            ...resolution,
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable', 'dom'],
            strict: true,
            // Our own declarations are what is checked; those of peers are read as they are.
            skipLibCheck: false,
            noEmit: true,
            types: ['node'],
          },
          files: ['doors.mts', 'example.mts', ...(name === 'bundler' ? [] : ['doors.cts'])],
        }),
    })),
  );
}

async function compile(tsc, folder, label, configuration) {
  const project = `tsconfig.${label}.json`;
  writeFileSync(join(folder, project), JSON.stringify(configuration));
  const { code, output } = await new Promise((resolve) => {
    const child = spawn(tsc, ['-p', project, '--pretty', 'false'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => resolve({ code, output }));
  });
  const own = output
    .split('\n')
    .filter((line) => !line.startsWith(' ') && !/^node_modules\/(?!@corral\/)/.test(line) && line !== '');
  return { ok: code === 0 || (output !== '' && own.length === 0), output: own.join('\n') };
}

/** The compiler of that version, fetched once through npm and kept below node_modules/.cache. */
function compiler(root, version) {
  const folder = join(root, 'node_modules', '.cache', 'corral', `typescript-${version}`);
  const tsc = join(folder, 'node_modules', '.bin', 'tsc');
  if (!existsSync(tsc)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', `typescript@${version}`], {
      cwd: folder,
      stdio: 'ignore',
    });
  }
  return tsc;
}
