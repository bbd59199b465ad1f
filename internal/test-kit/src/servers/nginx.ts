import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../until.ts';
import { debianPackage } from './debian-package.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { guardedFolder, startGuarded } from './guarded-process.ts';
import { ServerMissingError } from './server-missing-error.ts';

export interface NginxServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts an nginx that caches, as a CDN does, in front of 127.0.0.1:`originPort`. Below `/gzip/` it compresses; all
 * else passes as it is. @throws {ServerMissingError}
 */
export async function startNginx(originPort: number): Promise<NginxServer> {
  const { command, env } = await findNginx();
  const folder = guardedFolder('corral-nginx-');
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, originPort));
  const server = await startGuarded({
    command,
    args: ['-p', folder, '-c', file, '-e', 'stderr'],
    stopSignal: 'SIGQUIT',
    env,
  });
  const answers = async (): Promise<boolean> => {
    if (!server.running) throw new Error(`nginx ended: ${server.output.trim()}`);
    return fetch(`http://127.0.0.1:${port}/nginx-ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await until(answers, { label: 'nginx answers' });
  return {
    port,
    close: async () => {
      if (server.running) process.kill(server.pid, 'SIGQUIT');
      await server.exited;
    },
  };
}

/** On PATH, else the distribution's package, unpacked into our cache. @throws {ServerMissingError} */
export async function findNginx(): Promise<{ command: string; env: NodeJS.ProcessEnv }> {
  const installed = findProgram('nginx');
  if (installed !== undefined) return { command: installed, env: process.env };
  try {
    const { root, env } = await debianPackage('nginx');
    return { command: join(root, 'usr/sbin/nginx'), env };
  } catch (error) {
    const install = process.platform === 'darwin' ? 'brew install nginx' : 'sudo apt-get install nginx';
    throw new ServerMissingError(`No nginx. Run "${install}".`, { cause: error });
  }
}

const configuration = (folder: string, port: number, originPort: number): string => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  proxy_cache_path ${folder}/cache keys_zone=shared:1m;
  proxy_http_version 1.1;
  server {
    listen 127.0.0.1:${port};
    location = /nginx-ready { return 200; }
    location / {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_set_header connection "";
      proxy_cache shared;
      proxy_cache_lock on;
      proxy_cache_revalidate on;
      add_header x-cache $upstream_cache_status always;
    }
    location /gzip/ {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_set_header accept-encoding "";
      gzip on;
      gzip_types text/plain application/json;
      gzip_min_length 1;
      gzip_proxied any;
    }
  }
}
`;
