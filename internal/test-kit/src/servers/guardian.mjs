// The guardian: a small process that starts servers for its parent and ends them with it.
//
// It lives in a session of its own, so Ctrl-C in the terminal does not reach it, and it hears of the parent's death,
// SIGKILL included, because the channel between them closes. Then it kills what still runs, removes the folders, and
// ends. Plain JavaScript, so that any Node can run it.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const children = new Map();
const folders = new Set();

/** The parent may die at any moment, also between two messages: that it does not hear must not end the guardian. */
function tell(message) {
  if (process.connected) process.send(message, () => {});
}

/** Each server leads a process group of its own; servers whose children leave the group die by their own watch. */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const handlers = {
  spawn({ id, command, args, env, uid, gid, cwd, stopSignal }) {
    // Standard input stays open as long as the guardian lives: a server in a container watches it.
    const child = spawn(command, args, { env, uid, gid, cwd, detached: true, stdio: 'pipe' });
    child.stopSignal = stopSignal;
    child.stdin.on('error', () => {});
    const log = (text) => tell({ id, type: 'log', text: String(text) });
    child.stdout.on('data', log);
    child.stderr.on('data', log);
    child.on('error', (error) => {
      log(error.message);
      tell({ id, type: 'exit', code: 127, signal: null });
    });
    if (child.pid === undefined) return;
    children.set(id, child);
    child.on('exit', (code, signal) => {
      children.delete(id);
      tell({ id, type: 'exit', code, signal });
      if (!process.connected && children.size === 0) leave();
    });
    tell({ id, type: 'spawned', pid: child.pid });
  },
  ownFolder({ path }) {
    folders.add(path);
  },
  removeFolder({ id, path }) {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    folders.delete(path);
    tell({ id, type: 'removed' });
  },
};

function leave() {
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

process.on('message', (message) => handlers[message.type](message));
process.on('disconnect', () => {
  if (children.size === 0) leave();
  for (const child of children.values()) {
    signalGroup(child, child.stopSignal);
    signalGroup(child, 'SIGCONT'); // a frozen server has to wake up to end
  }
  setTimeout(() => {
    for (const child of children.values()) signalGroup(child, 'SIGKILL');
  }, 6_000);
});
// A terminal that closes, or a supervisor that sweeps by signal, must not end the guardian before its children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
