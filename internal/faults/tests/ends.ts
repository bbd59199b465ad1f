// A client leaves while the proxy is silent; then the proxy heals and closes in one turn. This process has to end by itself.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startProxy } from '../src/index.ts';

const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
await once(server, 'listening');
const proxy = await startProxy({ port: (server.address() as AddressInfo).port });
const client = connect(proxy.port, '127.0.0.1');
const [accepted] = (await once(server, 'connection')) as [Socket];
proxy.blackhole();
client.destroy();
await once(client, 'close');
for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve)); // the proxy sees it
await proxy.heal();
await proxy.close();
accepted.destroy();
server.close();
