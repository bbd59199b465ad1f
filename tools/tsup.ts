import { defineConfig, type Options } from 'tsup';

/** The one build of every published package: ESM, CJS, and types for both. `entry` names the package's doors. */
export function library(entry: string[]): ReturnType<typeof defineConfig> {
  const options: Options = {
    entry,
    format: ['esm', 'cjs'],
    dts: true,
    tsconfig: '../../tsconfig.packages.json',
    target: 'node20',
    // Both doors of a package must see one class of an error, in CJS too.
    splitting: true,
    clean: true,
    sourcemap: false,
    removeNodeProtocol: false,
  };
  return defineConfig(options);
}
