/**
 * Keeps the cores from halting while something is measured: on a virtual machine the wake-up of a core that halted takes 50 to
 * 90 us, more than the work that is measured, and a busy server's cores do not halt. By the kernel's own means: as long as
 * somebody holds this device open and asks for no latency at all, idle cores poll. All contenders get the same.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Programs of util-linux, where there are any. */
const system = { bind: 'taskset' };

/** @returns a function that lets the cores halt again. Without Linux, or without the right to ask, they may halt all along. */
export function keepAwake(): () => void {
  try {
    const device = openSync('/dev/cpu_dma_latency', 'w');
    writeSync(device, new Uint8Array(4));
    return () => closeSync(device);
  } catch (error) {
    console.log(`cores may halt: ${String(error)}`);
    return () => {};
  }
}

/** Keeps a process on one core, where the system can: who shares a core with whom is no chance then. */
export function pin(pid: number, core: number): void {
  spawnSync(system.bind, ['-a', '-p', '-c', String(core % availableParallelism()), String(pid)]);
}
