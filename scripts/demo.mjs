// What `npm run demo` shows: starts the math kite of examples/, calls it from the command line, stops it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PORT = 3636;
const URL_OF_KITE = `http://localhost:${PORT}/kite`;

/** Whether the port of the math kite can be had. */
async function portIsFree() {
  const probe = createServer();
  probe.listen(PORT);
  const [error] = await Promise.race([once(probe, 'listening').then(() => []), once(probe, 'error')]).catch(
    (e) => [e],
  );
  if (error) return false;
  probe.close();
  await once(probe, 'close');
  return true;
}

/** Runs the real program as a person would, and resolves with its exit code. */
async function kitectl(...args) {
  console.log(`$ kitectl ${args.join(' ')}`);
  const child = spawn(process.execPath, [join(root, 'bin', 'run.js'), ...args], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  return code;
}

/** Resolves once the kite answers; rejects when it ends before. */
async function answers(kite) {
  const ended = once(kite, 'close').then(([code]) => {
    throw new Error(`The math kite ended with exit code ${code}.`);
  });
  ended.catch(() => {});
  for (;;) {
    const there = await Promise.race([
      ended,
      fetch(URL_OF_KITE).then(
        (response) => response.ok,
        () => false,
      ),
    ]);
    if (there) return;
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
}

async function demo() {
  if (!(await portIsFree())) {
    console.error(`Port ${PORT} is taken, so that the math kite cannot start there.`);
    console.error('Stop the program that listens on it, and run this again; or choose another port by hand:');
    console.error('');
    console.error('    npm run math -- --port 3737');
    console.error('    npx kitectl call square 4 --to http://localhost:3737/kite');
    return 1;
  }
  console.log('$ npm run math &');
  const kite = spawn(process.execPath, [join(root, 'examples', 'math.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await answers(kite);
    const code = await kitectl('call', 'square', '4', '--to', URL_OF_KITE);
    if (code !== 0) return code;
  } finally {
    if (kite.exitCode === null && kite.signalCode === null) {
      kite.kill('SIGTERM');
      await once(kite, 'close');
    }
  }
  console.log('');
  console.log('The kite is stopped again. To go on, start it in one terminal and call it in another:');
  console.log('');
  console.log('    npm run math');
  console.log(`    npx kitectl call square 4 --to ${URL_OF_KITE}`);
  console.log(`    npx kitectl call count 3 --callback --to ${URL_OF_KITE}`);
  console.log('    npx kitectl help');
  return 0;
}

process.exitCode = await demo();
