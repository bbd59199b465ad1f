/**
 * Keeps the cores from halting while something is measured: on a virtual machine the wake-up of a core that halted takes 50 to
 * 90 us, more than the work that is measured, and a busy server's cores do not halt. One process a core does nothing, and only
 * when nobody else wants the core (SCHED_IDLE, by `chrt` of util-linux); all contenders get the same. The usual means is the
 * kernel's `idle=poll`, which a bench cannot set.
 */
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Programs of util-linux, where there are any. */
const system = { schedule: 'chrt', bind: 'taskset' };

// It ends with its parent, whatever becomes of that.
const SPINNER = `const parent = process.ppid; for (;;) { for (let turn = 0; turn < 1e7; turn++); if (process.ppid !== parent) process.exit(); }`;

/** @returns a function that lets the cores halt again; undefined where the system cannot keep them awake. */
export function keepAwake(): (() => void) | undefined {
  if (spawnSync(system.schedule, ['-i', '0', 'true']).status !== 0) return undefined;
  const spinners = Array.from({ length: availableParallelism() }, () =>
    spawn(system.schedule, ['-i', '0', process.execPath, '-e', SPINNER], { stdio: 'ignore' }),
  );
  return () => {
    for (const spinner of spinners) spinner.kill('SIGKILL');
  };
}

/** Keeps a process on one core, where the system can: who shares a core with whom is no chance then. */
export function pin(pid: number, core: number): void {
  spawnSync(system.bind, ['-a', '-p', '-c', String(core % availableParallelism()), String(pid)]);
}
