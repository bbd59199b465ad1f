import type { Reporter } from '../scenarios/scenario.ts';

/** On a terminal each line replaces the one before; elsewhere a line is printed when its kind of work changes. */
export function createProgress(out: NodeJS.WriteStream): Reporter & { done(): void } {
  if (!out.isTTY) {
    let last = '';
    return {
      progress: (text) => {
        const kind = text.split(/\d/)[0]!;
        if (kind !== last) out.write(`  ${text}\n`);
        last = kind;
      },
      done: () => {},
    };
  }
  return {
    progress: (text) => out.write(`\r\u001B[K  ${text.slice(0, Math.max(10, out.columns - 3))}`),
    done: () => out.write('\r\u001B[K'),
  };
}
