import { readFileSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** The process `pid` and all that descend from it, parents first. */
export function processTree(pid: number): number[] {
  const children = Map.groupBy(parentsOfAll(), ([, parent]) => parent);
  const tree = [pid];
  for (const member of tree) for (const [child] of children.get(member) ?? []) tree.push(child);
  return tree;
}

/** SIGSTOP to `pid` and its descendants: they hold their sockets and answer nothing. */
export function pause(pid: number): void {
  signalTree(pid, 'SIGSTOP');
}

/** SIGCONT to `pid` and its descendants. */
export function resume(pid: number): void {
  signalTree(pid, 'SIGCONT');
}

/** SIGKILL to `pid` and its descendants. */
export function kill(pid: number): void {
  signalTree(pid, 'SIGKILL');
}

function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const member of processTree(pid)) {
    try {
      process.kill(member, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** [pid, parent] of every process of this machine. */
function parentsOfAll(): [number, number][] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "pid (name) state ppid ...": the name may hold anything, so start after its last parenthesis.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
        return [[Number(name), Number(parent)] as [number, number]];
      } catch {
        return []; // it has ended since
      }
    });
}
