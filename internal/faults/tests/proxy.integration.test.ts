import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startProxy, type Proxy } from '../src/index.ts';

let echo: Server;
let proxy: Proxy;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startProxy({ port: (echo.address() as { port: number }).port });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await proxy.close();
  echo.close();
});

const open = async (): Promise<Socket> => {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
};
const ask = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
};

it('passes bytes and counts them', async () => {
  const socket = await open();

  expect(await ask(socket, 'hello')).toBe('hello');
  expect([proxy.bytesToServer, proxy.bytesToClient, proxy.connections]).toEqual([5, 5, 1]);
});

it('resets open connections on cut, and serves new ones', async () => {
  const socket = await open();
  await ask(socket, 'x');

  proxy.cut();

  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect(await ask(await open(), 'y')).toBe('y');
});

it('says nothing while it is a black hole, also on new connections, and hands on what it kept back', async () => {
  const socket = await open();
  await ask(socket, 'x');
  proxy.blackhole();
  const late = await open();
  let heard = '';
  for (const each of [socket, late]) each.on('data', (data) => (heard += data.toString()));
  socket.write('a');
  late.write('b');
  // A full round trip of the same length through the event loop, past the proxy.
  const direct = connect((echo.address() as { port: number }).port, '127.0.0.1');
  sockets.push(direct);
  await ask(direct, 'z');
  expect(heard).toBe('');

  const both = Promise.all([once(socket, 'data'), once(late, 'data')]);
  await proxy.heal();

  await both;
  expect(heard.split('').sort()).toEqual(['a', 'b']);
});

it('is silent in one direction alone when asked', async () => {
  const socket = await open();
  await ask(socket, 'x');
  proxy.blackhole('toClient');

  const arrived = once(echo, 'connection');
  await open();
  await arrived;
  socket.write('12345');
  while (proxy.bytesToServer < 6) await new Promise((resolve) => setImmediate(resolve));

  expect(proxy.bytesToClient).toBe(1);
});

it('refuses connections, and takes them again on the same port after heal', async () => {
  const { port } = proxy;
  await proxy.refuse();

  await expect(open()).rejects.toThrow('ECONNREFUSED');
  await proxy.heal();

  expect(proxy.port).toBe(port);
  expect(await ask(await open(), 'x')).toBe('x');
});

it('lets its process end, also when it closes while an end is passed on', async () => {
  const script = fileURLToPath(new URL('./ends.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@corral/source', script], { stdio: 'inherit', timeout: 20_000 });

  expect(await once(child, 'exit')).toEqual([0, null]);
});
