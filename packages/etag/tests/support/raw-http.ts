import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** Names in lower case; several lines joined with a comma. */
  headers: Record<string, string>;
  /** The bytes after the head as latin1, chunked framing removed. */
  body: string;
}

/** Writes one HTTP/1.1 request, byte for byte, and reads the answer until the server closes. A list is sent on several lines. */
export function rawRequest(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
): Promise<RawAnswer> {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: test', 'connection: close'];
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) lines.push(`${name}: ${line}`);
  }
  const hasContent = ['PUT', 'POST', 'PATCH', 'QUERY'].includes(method);
  if (hasContent) lines.push('content-length: 2', 'content-type: text/plain');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      try {
        resolve(parse(text));
      } catch (error) {
        reject(error);
      }
    });
    const content = hasContent ? 'ok' : '';
    socket.write(`${lines.join('\r\n')}\r\n\r\n${content}`, 'latin1');
  });
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) throw new Error(`no answer, got ${JSON.stringify(text.slice(0, 200))}`);
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const rest = text.slice(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' && rest !== '' ? unchunk(rest) : rest;
  return { status: Number(first.split(' ')[1]), headers, body };
}

function unchunk(text: string): string {
  let body = '';
  let index = 0;
  for (;;) {
    const end = text.indexOf('\r\n', index);
    const size = Number.parseInt(text.slice(index, end), 16);
    if (!(size > 0)) return body;
    body += text.slice(end + 2, end + 2 + size);
    index = end + 4 + size;
  }
}
