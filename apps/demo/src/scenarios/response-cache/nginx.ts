import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@corral-internal/test-kit';
import { debianPackage, findProgram, freePort, guardedFolder, startGuarded } from '@corral-internal/test-kit/servers';
import { request } from 'undici';
import { MissingError } from '../../run/missing.ts';

export interface Nginx {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts an nginx that caches, as a CDN does, in front of the replica at `originPort`. @throws {MissingError} */
export async function startNginx(originPort: number): Promise<Nginx> {
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
    const answer = await request(`http://127.0.0.1:${port}/nginx-ready`).catch(() => undefined);
    await answer?.body.dump();
    return answer?.statusCode === 200;
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

/** On PATH, else the distribution's package, unpacked into our cache. @throws {MissingError} */
export async function findNginx(): Promise<{ command: string; env: NodeJS.ProcessEnv }> {
  const installed = findProgram('nginx');
  if (installed !== undefined) return { command: installed, env: process.env };
  try {
    const { root, env } = await debianPackage('nginx');
    return { command: join(root, 'usr/sbin/nginx'), env };
  } catch (error) {
    const install = process.platform === 'darwin' ? 'brew install nginx' : 'sudo apt-get install nginx';
    throw new MissingError(`No nginx. Run "${install}".`, { cause: error });
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
  server {
    listen 127.0.0.1:${port};
    location = /nginx-ready { return 200; }
    location / {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_cache shared;
      proxy_cache_lock on;
      proxy_cache_revalidate on;
      add_header x-cache $upstream_cache_status always;
    }
  }
}
`;
