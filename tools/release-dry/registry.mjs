import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/**
 * An npm registry in memory, on 127.0.0.1, for the packages of this repository alone: it takes what is published and
 * hands it out again, as a client of npm asks for it. Everything else comes from the client's own registry.
 * @returns {Promise<{ url: string, tarballs: Map<string, Buffer>, close(): void }>} `tarballs` by package name.
 */
export async function startRegistry() {
  const packuments = new Map();
  const tarballs = new Map();

  async function publish(name, request) {
    const { versions, 'dist-tags': tags, _attachments: attachments } = await json(request);
    const known = packuments.get(name) ?? { name, versions: {}, 'dist-tags': {}, time: {} };
    for (const [version, manifest] of Object.entries(versions)) {
      if (known.versions[version] !== undefined) return [403, { error: `${name}@${version} is published` }];
      const tarball = Buffer.from(Object.values(attachments)[0].data, 'base64');
      tarballs.set(name, tarball);
      manifest.dist.tarball = `${url}/${name}/-/${version}.tgz`;
      known.versions[version] = manifest;
      known.time[version] = new Date().toISOString();
    }
    packuments.set(name, { ...known, 'dist-tags': { ...known['dist-tags'], ...tags } });
    return [201, { ok: true }];
  }

  async function answer(request) {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname).slice(1);
    if (request.method === 'PUT') return publish(path, request);
    const [name, file] = path.split('/-/');
    const body = file === undefined ? packuments.get(name) : tarballs.get(name);
    return body === undefined ? [404, { error: 'Not found' }] : [200, body];
  }

  async function respond(request, response) {
    const [status, body] = await answer(request);
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
    response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, tarballs, close };
}

/** The `.npmrc` of a folder whose `@corral` packages come from `url`, and may be published there. */
export const npmrcFor = (url) => `@corral:registry=${url}/\n${url.slice('http:'.length)}/:_authToken=rehearsal\n`;
