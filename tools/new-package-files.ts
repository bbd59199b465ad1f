const pascal = (name: string): string =>
  name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const door = (extra: Record<string, string>) => ({
  ...extra,
  import: { types: './dist/index.d.ts', default: './dist/index.js' },
  require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
});

const manifestOf = (name: string, description: string) => ({
  name: `@corral/${name}`,
  version: '0.0.0',
  description,
  keywords: name.split('-').sort(),
  license: 'MIT',
  files: ['dist'],
  type: 'module',
  sideEffects: false,
  main: './dist/index.cjs',
  module: './dist/index.js',
  types: './dist/index.d.ts',
  exports: { '.': door({ '@corral/source': './src/index.ts' }), './package.json': './package.json' },
  publishConfig: { exports: { '.': door({}), './package.json': './package.json' }, access: 'public' },
  scripts: { build: 'tsup' },
  engines: { node: '>=20.19' },
});

const sourceOf = (type: string): string => `export interface ${type}Options {
  /** How many may be taken at the same time; default 10, at least 1. */
  max?: number | undefined;
}

export interface ${type} {
  /** Takes one; false, and nothing changes, when \`max\` are taken. */
  take(): boolean;
  /** Gives one back. @throws {RangeError} None is taken. */
  giveBack(): void;
  /** A frozen snapshot. */
  stats(): { readonly taken: number; readonly refused: number };
}

/**
 * Creates a counter with an upper bound: this text says what is guaranteed, in which unit, and what happens at the bound.
 * @throws {RangeError} \`max\` is no integer of at least 1.
 */
export function create${type}(options: ${type}Options = {}): ${type} {
  const { max = 10 } = options;
  if (!Number.isInteger(max) || max < 1) throw new RangeError(\`max: expected an integer >= 1, got \${max}\`);
  let taken = 0;
  let refused = 0;

  return {
    take() {
      if (taken === max) {
        refused++;
        return false;
      }
      taken++;
      return true;
    },
    giveBack() {
      if (taken === 0) throw new RangeError('giveBack: none is taken');
      taken--;
    },
    stats: () => Object.freeze({ taken, refused }),
  };
}
`;

const testOf = (name: string, type: string): string => `import fc from 'fast-check';
import { expect, it } from 'vitest';
import { create${type} } from './${name}.ts';

it('refuses what goes over the bound, and counts it', () => {
  const counter = create${type}({ max: 1 });

  expect([counter.take(), counter.take()]).toEqual([true, false]);
  expect(counter.stats()).toEqual({ taken: 1, refused: 1 });
});

it('takes again what was given back', () => {
  const counter = create${type}({ max: 1 });
  counter.take();

  counter.giveBack();

  expect(counter.take()).toBe(true);
});

it('names the option and its value when it is wrong', () => {
  expect(() => create${type}({ max: 0 })).toThrow(new RangeError('max: expected an integer >= 1, got 0'));
});

it('never holds more than the bound', () => {
  const steps = fc.array(fc.boolean());

  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (max, takes) => {
      const counter = create${type}({ max });
      for (const take of takes) {
        if (take) counter.take();
        else if (counter.stats().taken > 0) counter.giveBack();
        expect(counter.stats().taken).toBeLessThanOrEqual(max);
      }
    }),
  );
});
`;

const readmeOf = (name: string, description: string, type: string): string => `# @corral/${name}

${description}

## Install

\`\`\`sh
npm install @corral/${name}
\`\`\`

No dependencies. Node >= 20.19 (ESM and CJS), browsers, edge runtimes.

## Use

\`\`\`ts
import { create${type} } from '@corral/${name}';

const counter = create${type}({ max: 2 });
console.log(counter.take(), counter.take(), counter.take()); // prints: true true false
\`\`\`

## Guarantees

- **Bounded.** Never more than \`max\` at the same time.

## Options

| name | unit | default | |
|---|---|---|---|
| \`max\` | an integer, >= 1 | 10 | how many may be taken at the same time |

## Errors

Wrong options throw \`RangeError\` at creation.

## When not to use it

## Compared with

## Sources
`;

/** The files of a new package, by their path in the repository. */
export function packageFiles(name: string, description: string, licence: string): Record<string, string> {
  const type = pascal(name);
  const own = {
    'package.json': `${JSON.stringify(manifestOf(name, description), null, 2)}\n`,
    'README.md': readmeOf(name, description, type),
    LICENSE: licence,
    'tsup.config.ts': "import { library } from '../../tools/tsup.ts';\n\nexport default library(['src/index.ts']);\n",
    'src/index.ts': `export { create${type}, type ${type}, type ${type}Options } from './${name}.ts';\n`,
    [`src/${name}.ts`]: sourceOf(type),
    [`src/${name}.test.ts`]: testOf(name, type),
  };
  return {
    ...Object.fromEntries(Object.entries(own).map(([path, text]) => [`packages/${name}/${path}`, text])),
    [`.changeset/${name}-1-first.md`]: `---\n"@corral/${name}": minor\n---\n\n${description}\n`,
  };
}
