import { spawn } from 'node:child_process';

/**
 * Runs a command without blocking this process, which serves the registry meanwhile; resolves with what it printed.
 * @throws {Error} It ends with another code than 0; the message holds its output.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => (output[name] += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output.stdout);
      else
        reject(new Error(`${command} ${args.join(' ')}: ${signal ?? code}\n${output.stdout}${output.stderr}`.trim()));
    });
  });
}
