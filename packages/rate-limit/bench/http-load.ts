/** Requests over raw keep-alive sockets, several on their way on each, so that the driver costs little and the server is what is measured. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const MARK = Buffer.from('HTTP/1.1 ');
const OK = Buffer.from('200');

export interface HttpLoad {
  /** Sends `total` requests and waits for as many answers. @throws {Error} An answer was not a 200. */
  run(total: number): Promise<void>;
  close(): void;
}

/** Opens `width` connections with `depth` requests on their way on each; `requestOf` writes the n-th request. */
export async function openHttpLoad(
  port: number,
  width: number,
  depth: number,
  requestOf: (serial: number) => string,
): Promise<HttpLoad> {
  const sockets: Socket[] = [];
  for (let index = 0; index < width; index++) {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    sockets.push(socket);
  }
  let serial = 0;
  const run = (total: number): Promise<void> =>
    new Promise((resolve, reject) => {
      let [sent, answered] = [0, 0];
      const send = (socket: Socket, count: number): void => {
        let text = '';
        for (let index = 0; index < count && sent < total; index++) {
          sent++;
          text += requestOf(serial++);
        }
        if (text !== '') socket.write(text);
      };
      for (const socket of sockets) {
        socket.removeAllListeners('data');
        socket.on('data', (chunk: Buffer) => {
          // Small answers on one machine: a head is never cut in two.
          let count = 0;
          for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) {
            if (!chunk.subarray(at + MARK.length, at + MARK.length + 3).equals(OK)) {
              reject(new Error(`answer: expected 200, got ${chunk.toString('latin1', at, at + 80)}`));
            }
            count++;
          }
          answered += count;
          if (answered === total) resolve();
          else send(socket, count);
        });
        send(socket, depth);
      }
    });
  return { run, close: () => sockets.forEach((socket) => socket.destroy()) };
}
