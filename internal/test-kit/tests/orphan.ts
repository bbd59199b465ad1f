// Starts servers, one of which prints without end, says where they are, and waits to be killed.
import { startGuarded, startPostgres, startRedis } from '../src/servers/index.ts';

const printsWithoutEnd = `process.stdout.on('error', () => {}); setInterval(() => console.log('x'.repeat(10_000)), 1)`;
const chatter = startGuarded({ command: process.execPath, args: ['-e', printsWithoutEnd], stopSignal: 'SIGTERM' });
const servers = await Promise.all([chatter, startPostgres(), startRedis()]);
process.stdout.write(`${JSON.stringify(servers.map(({ pid }) => pid))}\n`);
setInterval(() => {}, 60_000);
