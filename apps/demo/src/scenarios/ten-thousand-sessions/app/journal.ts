/** The log of a worker, where the supervisor can read it. */
export interface Journal {
  warn(line: string): void;
  lines(): string[];
}

/** Keeps the last 10,000 lines. */
export function createJournal(): Journal {
  const lines: string[] = [];
  return {
    warn: (line) => {
      lines.push(line);
      if (lines.length > 10_000) lines.shift();
    },
    lines: () => [...lines],
  };
}
