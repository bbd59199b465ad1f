import { execFile } from 'node:child_process';
import { existsSync, readdirSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Where programs are kept between runs: CORRAL_CACHE, else below the checkout's node_modules. */
const cache =
  process.env['CORRAL_CACHE'] ?? fileURLToPath(new URL('../../../../node_modules/.cache/corral', import.meta.url));

/** Programs of the distribution, unpacked into a folder of ours: nothing is installed on the system. */
export interface UnpackedPackage {
  /** The folder that stands for `/`: a program is at `${root}/usr/bin/...` or `${root}/usr/sbin/...`. */
  readonly root: string;
  /** The environment in which the programs find their libraries. */
  readonly env: NodeJS.ProcessEnv;
}

const inProgress = new Map<string, Promise<UnpackedPackage>>();

/**
 * Fetches `name` and what it needs beyond the installed packages through apt, without root and without touching the
 * system, and unpacks all of it below `node_modules/.cache`. A second call finds the folder.
 * @throws {Error} There is no apt here, or the package cannot be had.
 */
export function debianPackage(name: string): Promise<UnpackedPackage> {
  const running = inProgress.get(name) ?? fetchAndUnpack(name).finally(() => inProgress.delete(name));
  inProgress.set(name, running);
  return running;
}

async function fetchAndUnpack(name: string): Promise<UnpackedPackage> {
  const root = join(cache, 'debian', name);
  if (!existsSync(root)) {
    // Another process may do the same at this moment: each works in a folder of its own, the first rename wins.
    const work = join(cache, 'debian', `.${name}-${process.pid}`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(join(work, 'root'), { recursive: true });
    try {
      await download(name, work);
      for (const file of readdirSync(work).filter((entry) => entry.endsWith('.deb'))) {
        await run('dpkg-deb', ['-x', join(work, file), join(work, 'root')]);
      }
      try {
        renameSync(join(work, 'root'), root);
      } catch (error) {
        if (!existsSync(root)) throw error;
      }
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return { root, env: { ...process.env, LD_LIBRARY_PATH: libraryFolders(root).join(':') } };
}

async function download(name: string, work: string): Promise<void> {
  try {
    await downloadWith([], name, work);
  } catch {
    // The system's lists are missing or old: read our own.
    const lists = join(cache, 'apt');
    mkdirSync(join(lists, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(lists, 'archives', 'partial'), { recursive: true });
    const own = [`Dir::State::lists=${join(lists, 'lists')}`, `Dir::Cache=${lists}`].flatMap((o) => ['-o', o]);
    const unlocked = [...own, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User='];
    await run('apt-get', [...unlocked, '-qq', 'update']);
    await downloadWith(unlocked, name, work);
  }
}

async function downloadWith(options: string[], name: string, work: string): Promise<void> {
  const plan = await run('apt-get', [...options, '-s', '--no-install-recommends', '--reinstall', 'install', name]);
  const packages = plan.stdout
    .split('\n')
    .filter((line) => line.startsWith('Inst '))
    .map((line) => line.split(' ')[1]!);
  await run('apt-get', [...options, '-o', 'APT::Sandbox::User=', '-qq', 'download', ...packages], { cwd: work });
}

function libraryFolders(root: string): string[] {
  return ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(root, folder);
    if (!existsSync(path)) return [];
    const triplets = readdirSync(path).filter((entry) => entry.includes('-linux-'));
    return [path, ...triplets.map((triplet) => join(path, triplet))];
  });
}
