import { cpus, release, totalmem, type } from 'node:os';

/** One line that says when and on what was measured. */
export function machineLine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${date}, Node ${process.versions.node}, ${cpus().length} x ${model}, ${memory} GiB, ${type()} ${release()}`;
}
