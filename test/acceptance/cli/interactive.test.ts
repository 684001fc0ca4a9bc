import { SIGNALS } from '../../helpers/process/signals.js';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { readImportGraph } from '../../../scripts/structure/source-imports.js';
import { root } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';
import { PROMPT, Tmux } from '../../helpers/cli/tmux.js';

let network: Network;
let math: TestKite;
let tmux: Tmux;

interface Interactive {
  /** The command line. */
  readonly line: () => string;
  /** What the screen shows while the command waits for keys. */
  readonly shown: string;
  /** Keys after the start, until the command waits for those of `end`. */
  readonly start?: () => Promise<void>;
  /** Types what ends the command, which shows that its keys work. */
  readonly end: () => Promise<void>;
  readonly code: number;
}

const decline = async (): Promise<void> => {
  await tmux.type('n');
  await tmux.press('Enter');
};

/** Every command that reads keys, in each way that it does. */
const COMMANDS: Readonly<Record<string, Interactive>> = {
  shell: {
    line: () => `kitectl shell --no-history --to ${math.url}`,
    shown: 'math> squ',
    start: () => tmux.type('squ'),
    end: async () => {
      await tmux.line('are 7');
      await tmux.shows('49');
      await tmux.press('C-d');
    },
    code: 0,
  },
  'shell, during a call': {
    line: () => `kitectl shell --no-history --timeout 0 --to ${math.url}`,
    shown: '',
    start: async () => {
      math.waiting.length = 0;
      await tmux.line('wait');
      await expect.poll(() => math.waiting.length, { timeout: 20_000 }).toBe(1);
    },
    end: async () => {
      await tmux.press('C-c');
      await tmux.shows('was canceled');
      await tmux.press('C-d');
    },
    code: 130,
  },
  top: { line: () => 'kitectl top', shown: 'q quits', end: () => tmux.type('q'), code: 0 },
  'call, which prompts for a choice': {
    line: () => 'kitectl call square 4',
    shown: 'Kite:',
    end: async () => {
      await tmux.press('Down');
      await tmux.press('Enter');
      await tmux.shows(/\n16\n/);
    },
    code: 0,
  },
  'call --interactive': {
    line: () => `kitectl call greet --interactive --to ${math.url}`,
    shown: 'Your name',
    end: async () => {
      await tmux.line('eve');
      await tmux.shows('Your secret?');
      await tmux.line('x');
      await tmux.shows('"name": "eve"');
    },
    code: 0,
  },
  'register, which prompts for a text': {
    line: () => 'kitectl register',
    shown: 'URL of Kontrol: ht',
    start: () => tmux.type('ht'),
    end: async () => {
      await tmux.type('tp:');
      await tmux.shows('URL of Kontrol: http:');
      await tmux.press('C-c');
    },
    code: 130,
  },
  'register, which prompts for a secret': {
    line: () => `KITE_HOME=carol kitectl register --to ${network.kontrol.url} --username carol`,
    shown: '[input is masked]',
    end: () => tmux.press('C-c'),
    code: 130,
  },
  'keygen --force': {
    line: () => 'kitectl keygen --out pair --force',
    shown: '(y/N)',
    end: decline,
    code: 2,
  },
  'context remove': { line: () => 'kitectl context remove here', shown: '(y/N)', end: decline, code: 2 },
  'keys remove': { line: () => 'kitectl keys remove', shown: '(y/N)', end: decline, code: 2 },
  uninstall: { line: () => 'kitectl uninstall stay', shown: '(y/N)', end: decline, code: 2 },
  'kontrol users revoke': {
    line: () => 'kitectl kontrol users revoke bob',
    shown: '(y/N)',
    end: decline,
    code: 2,
  },
  'kontrol keys revoke': {
    line: () => 'kitectl kontrol keys revoke an-id',
    shown: '(y/N)',
    end: decline,
    code: 2,
  },
  'kontrol start': {
    line: () => 'KITE_HOME=new kitectl kontrol start --key-store file --storage memory',
    shown: '(Y/n)',
    end: decline,
    code: 2,
  },
};

/** What prompts and reads keys. */
const READERS: ReadonlySet<string> = new Set([
  'lib/cli/terminal/prompt.ts',
  'lib/cli/terminal/questions.ts',
  'lib/util/terminal-input.ts',
]);

/** The files that use it, each with a command that does. `kite.prompt` is a method of programs. */
const FILES: Readonly<Record<string, string>> = {
  'lib/cli/context/manage-contexts.ts': 'context remove',
  'lib/cli/keys/keygen.ts': 'keygen --force',
  'lib/cli/keys/remove-key.ts': 'keys remove',
  'lib/cli/kites/uninstall.ts': 'uninstall',
  'lib/cli/kontrol/first-start.ts': 'kontrol start',
  'lib/cli/kontrol/kontrol-keys.ts': 'kontrol keys revoke',
  'lib/cli/kontrol/kontrol-users.ts': 'kontrol users revoke',
  'lib/cli/register/register-target.ts': 'register, which prompts for a text',
  'lib/cli/register/register.ts': 'register, which prompts for a secret',
  'lib/cli/shell/line-reader.ts': 'shell',
  'lib/cli/target/caller-methods.ts': 'call --interactive',
  'lib/cli/target/discovery.ts': 'call, which prompts for a choice',
  'lib/cli/top/full-screen.ts': 'top',
  'lib/kite/serve/system-methods.ts': 'kite.prompt',
};

beforeAll(async () => {
  network = await Network.create();
  const { cli } = network;
  math = await network.register();
  await network.register({}, 'other');
  await writeKiteKeyFile(await network.keyOf('kontrol'), { home: join(cli.home, '.kite', 'kontrol') });
  await cli.run(['keygen', '--out', 'pair']);
  await cli.run(['context', 'add', 'here']);
  const kite = join(cli.home, '.kite', 'kites', 'local', '_', 'stay', '1.0.0', 'bin');
  await mkdir(kite, { recursive: true, mode: 0o700 });
  await writeFile(join(kite, 'stay'), '#!/bin/sh\n');
  await chmod(join(kite, 'stay'), 0o700);
  tmux = await Tmux.start(cli.home);
});

afterEach(() => tmux.closeWindow());

afterAll(async () => {
  await tmux.close();
  await network.close();
});

/** Starts a command in a new window, and returns the modes of the terminal before. */
async function start({ line, shown, start: prepare }: Interactive): Promise<string> {
  await tmux.open();
  const modes = await tmux.output('stty -g');
  await tmux.line(`clear; ${line()}`);
  await tmux.shows(prepare === undefined ? shown : /math>|Kontrol:/);
  await prepare?.();
  await tmux.shows(shown);
  return modes;
}

/** Waits for the shell after a command. Returns the exit code, the modes of the terminal, and the state of the screen. */
async function stateAfter(): Promise<{ code: number; modes: string; screen: string }> {
  await tmux.endsWith(new RegExp(`^${PROMPT}$`));
  const code = Number(await tmux.output('echo $?'));
  return {
    code,
    modes: await tmux.output('stty -g'),
    screen: (await tmux.cursor()).split(' ').slice(2).join(' '),
  };
}

/** The cursor is shown, and the alternate screen is not. */
const screen = '1 0';

const STOPS = {
  'Ctrl-Z': () => tmux.press('C-z'),
  SIGTSTP: () => Promise.resolve(process.kill(tmux.job(), 'SIGTSTP')),
  SIGSTOP: () => Promise.resolve(process.kill(tmux.job(), 'SIGSTOP')),
} as const;

const names = Object.keys(COMMANDS);
const endings = names.flatMap((name) =>
  (Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]).map((signal) => ({ name, signal })),
);
const command = (name: string): Interactive =>
  COMMANDS[name] ?? { line: () => '', shown: '', end: decline, code: 0 };

describe('commands that read keys', () => {
  it.each(names)(
    '%s survives that it is stopped and continued, and that the terminal is resized',
    async (name) => {
      const { shown, end, code } = command(name);
      const modes = await start(command(name));
      for (const [how, stop] of Object.entries(STOPS)) {
        await stop();
        await tmux.shows('Stopped');
        await tmux.endsWith(new RegExp(`^${PROMPT}$`));
        expect(await tmux.output('stty -g'), how).toBe(modes);
        // The process had no time to leave the alternate screen, and to show the cursor.
        if (how !== 'SIGSTOP') expect(await tmux.cursor(), how).toMatch(/ 1 0$/);
        await tmux.line('clear; fg');
        await tmux.shows(new RegExp(`^[^]*\\$kitectl[^]*${shown.replaceAll(/[()[\]?]/g, '\\$&')}|q quits`));
        await tmux.isRaw();
      }
      await tmux.resize(40, 10);
      await tmux.shows(shown);
      // The program may be drawing the new size over the old one.
      if (shown !== '') await tmux.showsOnce(shown);
      await tmux.resize(80, 24);
      await tmux.shows(shown);
      await end();
      expect(await stateAfter()).toEqual({ code, modes, screen });
    },
  );

  it.each(endings)('$name restores the terminal on $signal', async ({ name, signal }) => {
    const modes = await start(command(name));
    process.kill(tmux.job(), signal);
    expect(await stateAfter()).toEqual({ code: SIGNALS[signal], modes, screen });
  });

  it.each(names)('%s ends when its window is closed', async (name) => {
    await start(command(name));
    const job = tmux.job();
    await tmux.closeWindow();
    await expect.poll(() => existsSync(`/proc/${job}`), { timeout: 30_000, interval: 25 }).toBe(false);
  });

  it('the shell restores the terminal when the reader of its output ends', async () => {
    await tmux.open();
    const modes = await tmux.output('stty -g');
    await tmux.line(`kitectl shell --no-history --to ${math.url} | head -1`);
    await tmux.shows('math>');
    await tmux.line('square 7');
    await tmux.shows('49');
    await tmux.line('square 8');
    expect(await stateAfter()).toMatchObject({ modes, screen });
  });

  it('Ctrl-Z has no effect without a shell that could continue the command', async () => {
    const running = network.cli.startTerminal(['top'], 110, { before: 'exec ' });
    await running.type('q quits', '\u001a');
    await running.type('q quits', 'q');
    expect((await running.outcome).code).toBe(0);
  });

  it('the walk over commands that read keys covers every file that prompts or reads keys', () => {
    const graph = readImportGraph(join(root, 'src'));
    const readers = [...graph].filter(
      ([path, imports]) => imports.some((target) => READERS.has(target)) && !READERS.has(path),
    );
    expect(readers.map(([path]) => path).toSorted()).toEqual(Object.keys(FILES).toSorted());
    expect(Object.values(FILES).filter((name) => COMMANDS[name] === undefined)).toEqual(['kite.prompt']);
    const cases = names.length * (Object.keys(STOPS).length + 2) + endings.length;
    console.log(`keys: ${names.length} commands, ${cases} cases`);
    expect(cases).toBeGreaterThanOrEqual(110);
  });
});
