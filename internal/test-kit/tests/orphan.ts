// Starts servers, says where they are, and waits to be killed.
import { startPostgres, startRedis } from '../src/servers/index.ts';

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
process.stdout.write(`${JSON.stringify([postgres.pid, redis.pid])}\n`);
setInterval(() => {}, 60_000);
