// Creates the code caches of the programs in dist/ for the Node version that runs this script:
//
//     node "$(npm root --global)/kitectl/bin/code-cache.mjs"
//
// The build runs it for its own Node and for the executables in $CODE_CACHE_NODES, which are separated by colons.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * V8 compiles a function when it is first called, so a cache contains only functions that ran before it was created. This runs
 * the most frequent commands against a kite and a Kontrol on this machine. It leaves out rare ones, because Node reads
 * the whole cache at every start.
 */
export async function makeCodeCaches(dist) {
  const home = await mkdtemp(join(tmpdir(), 'kitectl-code-cache-'));
  const from = (path) => import(pathToFileURL(join(dist, 'lib', path)).href);
  const [{ Kite }, { writeKiteKeyFile }, { Kontrol }, { openStorage }, { systemClock }, { silentLogger }] =
    await Promise.all(
      [
        'index.js',
        'keys/index.js',
        'kontrol.js',
        'kontrol/storage/open-storage.js',
        'util/clock.js',
        'util/logger.js',
      ].map(from),
    );
  const common = { ip: '127.0.0.1', port: 0, env: {}, logger: silentLogger };
  const storage = openStorage({ type: 'memory' }, { clock: systemClock, logger: silentLogger });
  const kontrol = new Kontrol({ ...common, storage });
  try {
    await kontrol.listen();
    const kiteKey = await kontrol.newKiteKey('build');
    await writeKiteKeyFile(kiteKey, { home });
    const kite = new Kite('math', '1.0.0', { ...common, environment: 'build', kiteKey });
    try {
      kite.handle('square', ({ args: [n] }) => n * n).disableAuthentication();
      await kite.listen();
      await kite.register();
      const commands = [
        ['--version'],
        ['help'],
        ['showkey'],
        ['call', 'square', '4', '--to', kite.url],
        ['query', '/build/build/math'],
      ];
      // Sequentially: each command extends the cache of the previous one.
      for (const command of commands) await record(dist, command, home);
    } finally {
      await kite.close();
    }
  } finally {
    await kontrol.close();
    await rm(home, { recursive: true, force: true });
  }
}

async function record(dist, command, home) {
  const { PATH } = process.env;
  try {
    await promisify(execFile)(process.execPath, [join(here, 'record-code-cache.js'), dist, ...command], {
      env: { PATH, HOME: home, KITE_HOME: home },
    });
  } catch (error) {
    throw new Error(`Cannot create the code cache of kitectl ${command.join(' ')}:\n${error.stderr}`, {
      cause: error,
    });
  }
}

/** Creates the caches for other Node executables, by running this script with each of them. */
export async function makeCodeCachesOf(nodes, dist) {
  for (const node of nodes) await promisify(execFile)(node, [fileURLToPath(import.meta.url), dist]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await makeCodeCaches(resolve(process.argv[2] ?? join(here, '..', 'dist')));
}
