// Implements `npm run demo`: starts Kontrol and the kite of examples/math-register.ts, finds and calls the kite with kitectl,
// and stops everything. Keys and data are stored in a temporary folder.
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { root } from './build/paths.js';

const program = join(root, 'bin', 'run.js');
const folder = await mkdtemp(join(tmpdir(), 'kitectl-demo-'));
/** A user, whose keys and settings are in `home`. */
interface DemoUser {
  readonly home: string;
}

const KONTROL: DemoUser = { home: join(folder, 'kontrol') };
const BOB: DemoUser = { home: join(folder, 'bob') };

/** Background programs to stop at the end. */
const running: ChildProcess[] = [];

function start(args: readonly string[], { home }: DemoUser): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, args, {
    env: {
      ...process.env,
      KITE_HOME: home,
      KITE_KEY: '',
      KITE_KEY_FILE: '',
      KITE_TO: '',
      KITE_KONTROL_URL: '',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs kitectl and resolves with its output. Rejects if it fails. */
async function kitectl(args: readonly string[], user: DemoUser, { show = true } = {}): Promise<string> {
  console.log(`$ kitectl ${args.map((arg) => arg.replace(folder, '…')).join(' ')}`);
  const child = start([program, ...args], user);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (show) process.stdout.write(text.replaceAll(folder, '…'));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`kitectl ${args[0]} ended with exit code ${code}.`);
  return output;
}

/** Starts a program in the background and resolves with the first line of its output. */
async function background(command: string, args: readonly string[], user: DemoUser): Promise<string> {
  console.log(`$ ${command} &`);
  const child = start(args, user);
  running.push(child);
  const [first] = (await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    once(child, 'close').then(([code]) => {
      throw new Error(`${command} ended with exit code ${code}.`);
    }),
  ])) as [string];
  return first.split('\n')[0] ?? '';
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'close');
}

async function demo(): Promise<void> {
  const line = await background(
    'kitectl kontrol start',
    [program, 'kontrol', 'start', '--port', '0', '--json'],
    KONTROL,
  );
  const { url } = JSON.parse(line) as { url: string };
  const invite = join(folder, 'invite.txt');
  await writeFile(invite, await kitectl(['kontrol', 'invite', 'bob'], KONTROL, { show: false }));
  await kitectl(['register', '--to', url, '--username', 'bob', '--invite-file', invite], BOB);
  const math = [join(root, 'examples', 'math-register.js')];
  console.log(await background('node examples/math-register.js', math, BOB));
  await kitectl(['query', '/bob/prod/math'], BOB);
  await kitectl(['call', 'square', '4', '--to', '/bob/prod/math'], BOB);
  console.log('');
  console.log(
    'The demo has stopped everything. To try it yourself, run Kontrol and the kite in separate terminals:',
  );
  console.log('');
  console.log('    npx kitectl kontrol start');
  console.log('    npx kitectl kontrol invite bob > invite.txt');
  console.log(
    '    npx kitectl register --to http://127.0.0.1:4000/kite --username bob --invite-file invite.txt',
  );
  console.log('    node examples/math-register.js');
  console.log('    npx kitectl call square 4');
  console.log('    npx kitectl help');
}

try {
  await demo();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  // Stop the kite before Kontrol so that it can deregister.
  for (const child of running.toReversed()) await stop(child);
  await rm(folder, { recursive: true, force: true });
}
