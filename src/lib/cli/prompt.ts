import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { makeVisible } from '../util/visible.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import type { Surroundings } from './surroundings.js';

type Terminal = Pick<Surroundings, 'stdin' | 'stderr' | 'signal'>;

/** Asks which of `items` is meant, until the answer is the number of one, and resolves with its index. */
export async function choose(
  question: string,
  items: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { stderr } = terminal;
  const width = String(items.length).length;
  stderr.write(`${question}\n`);
  items.forEach((item, index) => {
    stderr.write(`  ${String(index + 1).padStart(width)}  ${makeVisible(item)}\n`);
  });
  for (;;) {
    const answer = (await ask(`A number from 1 to ${items.length}: `, terminal)).trim();
    const number = /^\d+$/.test(answer) ? Number(answer) : 0;
    if (number >= 1 && number <= items.length) return number - 1;
  }
}

/** Asks the person at the terminal for a line. With `secret`, what is typed is not shown. */
export function ask(text: string, { stdin, stderr, signal }: Terminal, secret = false): Promise<string> {
  signal.throwIfAborted();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = makeVisible(text);
  const readline = createInterface({
    input: stdin,
    output: secret ? silent : stderr,
    terminal: true,
    historySize: 0,
  });
  return new Promise<string>((resolve, reject) => {
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', aborted);
      readline.off('close', interrupted);
      readline.close();
      if (secret) stderr.write('\n');
      settle();
    };
    // A terminal that is read key by key sends Ctrl-C as a key, and no signal.
    const interrupted = (): void =>
      end(() =>
        reject(new CliError('Ended by Ctrl-C.', { exitCode: ExitCode.interrupted, type: 'interrupted' })),
      );
    const aborted = (): void => end(() => reject(signal.reason as Error));
    readline.once('close', interrupted);
    signal.addEventListener('abort', aborted, { once: true });
    if (secret) stderr.write(prompt);
    readline.question(secret ? '' : prompt, (answer) => end(() => resolve(answer)));
  });
}
