// The demo's command line. See `npm run demo -- help`.
import { compareCommand } from './cli/compare.ts';
import { announce, runCommand } from './cli/run-command.ts';
import { parseCommandLine, usage, UsageError, type Command } from './cli/arguments.ts';
import { doctor } from './cli/doctor.ts';
import { serveCommand } from './cli/serve-command.ts';
import { stopChildren } from './run/child.ts';
import { isMissing } from './run/missing.ts';
import { scenarios } from './scenarios/index.ts';

const interrupted = new AbortController();
function interrupt(by: string): void {
  const reason = new Error(`stopped by ${by}`);
  interrupted.abort(reason);
  void stopChildren(reason);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The second time nobody waits for an orderly end: the children and servers follow this process anyway.
    if (interrupted.signal.aborted) process.exit(130);
    interrupt(signal);
  });
}
// Who reads has gone, e.g. `| head`: the same as Ctrl-C, and no broken bound.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!interrupted.signal.aborted) interrupt('a reader that has gone');
  });
}

async function execute(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      console.log(usage);
      return 0;
    case 'doctor':
      return doctor(command.redisUrl);
    case 'plan':
      for (const scenario of scenarios.filter(({ id }) => command.scenarios.includes(id))) announce(scenario, command);
      return 0;
    case 'compare':
      return compareCommand(command);
    case 'serve':
      return serveCommand(command, interrupted.signal);
    case 'run':
      return runCommand(command, interrupted.signal);
  }
}

try {
  // npm and pnpm say where the command was typed; they run it elsewhere.
  const cwd = process.env['INIT_CWD'] ?? process.cwd();
  const command = parseCommandLine(
    process.argv.slice(2),
    scenarios.map(({ id }) => id),
    cwd,
  );
  process.exitCode = await execute(command);
} catch (error) {
  if (interrupted.signal.aborted) {
    console.error('\nstopped; everything that was started has been closed');
    process.exitCode = 130;
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n"npm run demo -- help" has every command and option.`);
    process.exitCode = 64;
  } else if (isMissing(error)) {
    console.error(error.message);
    process.exitCode = 3;
  } else {
    console.error(error);
    process.exitCode = 70;
  }
}
