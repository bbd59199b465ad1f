import type { Reporter } from '../scenarios/scenario.ts';

/** Elsewhere than on a terminal a long load says so often that it lives, milliseconds. */
const quietMs = 30_000;

/** On a terminal each line replaces the one before; elsewhere a line is printed when its kind of work changes. */
export function createProgress(out: NodeJS.WriteStream): Reporter & { done(): void } {
  if (!out.isTTY) {
    let last = '';
    let printedMs = 0;
    return {
      progress: (text) => {
        const kind = text.split(/\d/)[0]!;
        if (kind === last && performance.now() - printedMs < quietMs) return;
        out.write(`  ${text}\n`);
        last = kind;
        printedMs = performance.now();
      },
      done: () => {},
    };
  }
  return {
    progress: (text) => out.write(`\r\u001B[K  ${text.slice(0, Math.max(10, out.columns - 3))}`),
    done: () => out.write('\r\u001B[K'),
  };
}
