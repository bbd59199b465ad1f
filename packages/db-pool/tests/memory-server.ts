import { Duplex } from 'node:stream';

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const int32 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeInt32BE(value, index * 4);
  return buffer;
};
const CANCEL = 80_877_102;
const READY = message('Z', Buffer.from('I'));
const DONE = message('C', Buffer.from('SELECT 0\0'));

/**
 * The server's end of one connection, in memory: enough of the wire protocol for the real driver to connect and to be told
 * that every statement is done. For fuzzing, where a million steps must not wait for a real server.
 */
export class MemorySocket extends Duplex {
  readonly pid: number;
  #started = false;
  #held = Buffer.alloc(0);
  readonly #hangs: () => boolean;

  constructor(pid: number, hangs: () => boolean = () => false) {
    super();
    this.pid = pid;
    this.#hangs = hangs;
  }

  connect(): this {
    setImmediate(() => this.emit('connect'));
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    if (!this.#started) {
      this.#started = true;
      this.#held = Buffer.alloc(0);
      if (chunk.readInt32BE(4) === CANCEL) {
        done();
        this.destroy();
        return;
      }
      this.push(Buffer.concat([message('R', int32(0)), message('K', int32(this.pid, 1)), READY]));
    } else this.#answer();
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  #answer(): void {
    while (this.#held.length >= 5 && this.#held.length >= this.#held.readInt32BE(1) + 1) {
      const type = this.#held.toString('latin1', 0, 1);
      this.#held = this.#held.subarray(this.#held.readInt32BE(1) + 1);
      if (type !== 'Q' || this.#hangs()) continue;
      setImmediate(() => {
        if (!this.destroyed) this.push(Buffer.concat([DONE, READY]));
      });
    }
  }
}
