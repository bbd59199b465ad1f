import { connect, type Socket } from 'node:net';

/** A client with connections kept open, so that a measurement holds requests and nothing else. */
export interface Client {
  /** Sends `count` GETs, on each connection one after the other. Rejects on any other status than `status`. */
  run(count: number, headers: Record<string, string>, status: number): Promise<void>;
  close(): void;
}

export async function openClient(port: number, connections: number): Promise<Client> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  return {
    run: async (count, headers, status) => {
      const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const request = Buffer.from(`GET / HTTP/1.1\r\nhost: bench\r\n${fields.join('')}\r\n`);
      let left = count;
      const more = (): boolean => left-- > 0;
      await Promise.all(sockets.map((socket) => exchange(socket, request, status, more)));
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true).once('error', reject);
  });
}

function exchange(socket: Socket, request: Buffer, status: number, more: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = new Answer(status);
    const next = (): void => {
      answer = new Answer(status);
      if (more()) socket.write(request);
      else {
        socket.off('data', take).off('close', closed);
        resolve();
      }
    };
    const take = (chunk: Buffer): void => {
      try {
        if (answer.take(chunk)) next();
      } catch (error) {
        socket.off('data', take);
        reject(error);
      }
    };
    const closed = (): void => reject(new Error('the server closed a connection'));
    socket.on('data', take).once('close', closed);
    next();
  });
}

/** One answer as it comes in. */
class Answer {
  readonly #status: number;
  #head = '';
  /** Bytes of the body to come; of a chunked one Infinity, until its last chunk is here. */
  #missing: number | undefined;
  #tail = '';

  constructor(status: number) {
    this.#status = status;
  }

  /** @returns Whether the answer is complete. */
  take(chunk: Buffer): boolean {
    if (this.#missing === undefined) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return false;
      const got = Number(this.#head.slice(9, 12));
      if (got !== this.#status) throw new Error(`status ${got}, expected ${this.#status}: ${this.#head.slice(0, 300)}`);
      const length = /\r\ncontent-length: (\d+)/i.exec(this.#head.slice(0, end))?.[1];
      if (got === 304) return true;
      this.#missing = length === undefined ? Infinity : end + 4 + Number(length) - this.#head.length;
    } else this.#missing -= chunk.length;
    if (this.#missing !== Infinity) return this.#missing === 0;
    this.#tail = (this.#tail + chunk.subarray(-7).toString('latin1')).slice(-7);
    return this.#tail === '\r\n0\r\n\r\n';
  }
}
