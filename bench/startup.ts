/**
 * How long a command takes from its start to its end, as a ratio to `node -e 0` in the same run. Rounds are interleaved,
 * so that a machine that is busy for a moment is busy for all of them; medians are printed.
 *
 *     npm run bench:startup -- 31        rounds, default 21
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generateKeyPair, newKiteKey, writeKiteKeyFile } from '../src/lib/keys/index.js';
import { systemClock } from '../src/lib/util/clock.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'kitectl-startup-'));
// Where this is set, Node reads it at every start, which costs more than a command.
const { NODE_EXTRA_CA_CERTS: _ignored, ...inherited } = process.env;
const env = { ...inherited, KITE_HOME: home };

const SERVER = `
  import { Kite } from 'kitectl';
  const kite = new Kite('math', '1.0.0', { ip: '127.0.0.1', port: 0 });
  kite.handle('square', ({ args: [n] }) => n * n).disableAuthentication();
  await kite.listen();
  console.log(kite.url);
`;

async function startServer(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SERVER], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, url };
}

async function writeKey(): Promise<void> {
  const keyPair = await generateKeyPair();
  await writeKiteKeyFile(
    newKiteKey({
      username: 'bench',
      kontrolUser: 'kontrol',
      kontrolUrl: 'http://localhost:4000/kite',
      keyPair,
      clock: systemClock,
    }),
    { home },
  );
}

function measure(rounds: number, url: string): void {
  const kitectl = (...args: string[]): string[] => [join(root, 'bin', 'run.js'), ...args];
  const cases = new Map([
    ['node -e 0', ['-e', '0']],
    ['kitectl --version', kitectl('--version')],
    ['kitectl --help', kitectl('--help')],
    ['kitectl showkey', kitectl('showkey')],
    ['kitectl call square 4', kitectl('call', 'square', '4', '--to', url)],
  ]);
  const times = new Map(Array.from(cases.keys(), (name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of cases) {
      const start = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { env });
      times.get(name)?.push(performance.now() - start);
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.toString()}`);
    }
  }
  const base = median(times.get('node -e 0') ?? []);
  console.log(`Node ${process.version}, medians of ${rounds} rounds`);
  for (const [name, all] of times) {
    const ms = median(all);
    console.log(
      `${name.padEnd(24)} ${ms.toFixed(1).padStart(7)} ms  ${(ms / base).toFixed(2).padStart(5)} ×`,
    );
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  await writeKey();
  const { child, url } = await startServer();
  try {
    measure(Number(process.argv[2] ?? 21), url);
  } finally {
    child.kill();
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
