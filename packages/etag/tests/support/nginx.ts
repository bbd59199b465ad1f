import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@corral-internal/test-kit';
import { debianPackage, findProgram, freePort, guardedFolder, startGuarded } from '@corral-internal/test-kit/servers';

export interface Nginx {
  readonly port: number;
  readonly version: string;
  close(): Promise<void>;
}

async function nginxProgram(): Promise<{ command: string; env: NodeJS.ProcessEnv }> {
  const installed = findProgram('nginx');
  if (installed !== undefined) return { command: installed, env: process.env };
  try {
    const { root, env } = await debianPackage('nginx');
    return { command: join(root, 'usr/sbin/nginx'), env };
  } catch (cause) {
    throw new Error(
      'No nginx on PATH, and apt cannot fetch it. Run "sudo apt-get install nginx" or "brew install nginx".',
      {
        cause,
      },
    );
  }
}

/** A real nginx as a shared cache in front of 127.0.0.1:`originPort`. `/gzip/` compresses, all else passes as it is. */
export async function startNginx(originPort: number): Promise<Nginx> {
  const { command, env } = await nginxProgram();
  const folder = guardedFolder('corral-nginx-');
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, originPort));
  const started = await startGuarded({
    command,
    args: ['-p', folder, '-c', file, '-e', 'stderr'],
    stopSignal: 'SIGQUIT',
    env,
  });
  await until(
    async () => {
      if (!started.running) throw new Error(`nginx ended: ${started.output}`);
      return fetch(`http://127.0.0.1:${port}/nginx-ready`).then(
        (response) => response.ok,
        () => false,
      );
    },
    { label: 'nginx answers' },
  );
  const ready = await fetch(`http://127.0.0.1:${port}/nginx-ready`);
  return {
    port,
    version: ready.headers.get('server') ?? '',
    close: async () => {
      process.kill(started.pid, 'SIGTERM');
      await started.exited;
    },
  };
}

function configuration(folder: string, port: number, originPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  proxy_cache_path ${folder}/cache keys_zone=shared:1m;
  server {
    listen 127.0.0.1:${port};
    location = /nginx-ready { return 200; }
    location / {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_http_version 1.1;
      proxy_cache shared;
      proxy_cache_revalidate on;
      add_header x-cache $upstream_cache_status always;
    }
    location /gzip/ {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_http_version 1.1;
      proxy_set_header accept-encoding "";
      gzip on;
      gzip_types text/plain application/json;
      gzip_min_length 1;
      gzip_proxied any;
    }
  }
}
`;
}
