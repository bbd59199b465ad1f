import { execFileSync } from 'node:child_process';

/** How many files and sockets a process may have open here; Node raises its own limit to this one. */
export function openFilesLimit(): number {
  try {
    const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
    return limit === 'unlimited' ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}

/** What one process needs beside the sessions: its clients, servers and files. */
const elsewhere = 2_000;

/** Before, one process holds all sessions: as many as it may have sockets. */
export const sessionsThatFit = (wanted: number, limit: number): number =>
  Math.max(100, Math.min(wanted, Math.floor((limit - elsewhere) / 100) * 100));
