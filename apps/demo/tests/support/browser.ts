import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage, findProgram } from '@corral-internal/test-kit/servers';
import { chromium, type Browser } from 'playwright-core';

/** Starts Chromium: CHROME_PATH, else what is installed, else the distribution's package, unpacked into our cache. */
export async function startBrowser(): Promise<Browser> {
  const { executablePath, env } = await findChromium();
  return chromium.launch({
    executablePath,
    ...(env === undefined ? {} : { env }),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

async function findChromium(): Promise<{ executablePath: string; env?: NodeJS.ProcessEnv }> {
  const given = process.env['CHROME_PATH'];
  if (given !== undefined) return { executablePath: given };
  const installed = findProgram('chromium', 'google-chrome', 'chromium-browser');
  if (installed !== undefined) return { executablePath: installed };
  const { root, env } = await debianPackage('chromium');
  const executablePath = join(root, 'usr/lib/chromium/chromium');
  if (!existsSync(executablePath)) {
    throw new Error('no Chromium here: apt-get install chromium, or set CHROME_PATH to one');
  }
  return { executablePath, env };
}
