import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { bin, cleanEnv } from './cli-harness.js';

const run = promisify(execFile);
/** How long a screen may take to show what is expected, in milliseconds. */
const PATIENCE = { timeout: 30_000, interval: 25 };

export const PROMPT = 'ready>';

/** A bash with job control in a window of tmux, in which `kitectl` is the built program. */
export class Tmux {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  /** The process id of the shell. */
  #shell = 0;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#env = env;
  }

  static async start(home: string, env: Readonly<Record<string, string>> = {}): Promise<Tmux> {
    const folder = await mkdtemp(join(tmpdir(), 'kitectl-tmux-'));
    const tmux = new Tmux(folder, cleanEnv(home, { NO_COLOR: '1', LANG: 'C.UTF-8', ...env }));
    // Variables, because bash prints this line when a job stops or continues: a long path would be wrapped.
    const kitectl = `node='${process.execPath}' kitectl='${bin}'; kitectl() { "$node" "$kitectl" "$@"; }`;
    const setup = `cd; PS1='${PROMPT} '; PROMPT_COMMAND=; HISTFILE=; ${kitectl}\n`;
    await writeFile(join(folder, 'bashrc'), setup);
    // Without a history, which a larger window would show. The server stays when its last window closes.
    const settings =
      'set -g status off\nset -g history-limit 0\nset -s escape-time 0\nset -s exit-empty off\n';
    await writeFile(join(folder, 'tmux.conf'), settings);
    return tmux;
  }

  /** Opens a window with a new shell. */
  async open(columns = 80, rows = 24): Promise<void> {
    const shell = `exec bash --noprofile --rcfile '${join(this.#folder, 'bashrc')}' -i`;
    const size = ['-x', String(columns), '-y', String(rows)];
    await this.#tmux(
      '-f',
      join(this.#folder, 'tmux.conf'),
      'new-session',
      '-d',
      '-s',
      'test',
      ...size,
      shell,
    );
    this.#shell = Number(await this.#tmux('display-message', '-p', '-t', 'test', '#{pane_pid}'));
    await this.shows(PROMPT);
  }

  /** Closes the window; what runs in it gets SIGHUP. */
  async closeWindow(): Promise<void> {
    await this.#tmux('kill-session', '-t', 'test').catch(() => {});
  }

  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-t', 'test', '-l', text);
  }

  /** Presses a key, such as `Enter` or `C-z`. */
  async press(key: string): Promise<void> {
    await this.#tmux('send-keys', '-t', 'test', key);
  }

  /** Types a command line, and presses Enter. */
  async line(text: string): Promise<void> {
    await this.type(text);
    await this.press('Enter');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-t', 'test', '-x', String(columns), '-y', String(rows));
  }

  /** The lines of the screen, without trailing spaces and empty lines at the end. */
  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-t', 'test')).trimEnd();
  }

  /** Column and row of the cursor, whether it is shown, and whether the alternate screen is. */
  async cursor(): Promise<string> {
    const format = '#{cursor_x} #{cursor_y} #{cursor_flag} #{alternate_on}';
    return (await this.#tmux('display-message', '-p', '-t', 'test', format)).trim();
  }

  /** Resolves once the screen contains a text or matches. */
  async shows(expected: string | RegExp): Promise<void> {
    const matcher =
      typeof expected === 'string' ? expect.stringContaining(expected) : expect.stringMatching(expected);
    await expect.poll(() => this.screen(), PATIENCE).toEqual(matcher);
  }

  /** Resolves once the screen contains a text exactly once. */
  async showsOnce(text: string): Promise<void> {
    await expect.poll(async () => (await this.screen()).split(text).length - 1, PATIENCE).toBe(1);
  }

  /** Resolves once the last line of the screen matches. */
  async endsWith(expected: RegExp): Promise<void> {
    const lastLine = async (): Promise<string> => (await this.screen()).split('\n').at(-1) ?? '';
    await expect.poll(lastLine, PATIENCE).toMatch(expected);
  }

  /** Runs a command of the shell, and returns what it prints. It must print one line. */
  async output(command: string): Promise<string> {
    const file = join(this.#folder, 'output');
    await rm(file, { force: true });
    await this.line(`${command} >'${file}.new'; mv '${file}.new' '${file}'`);
    const read = (): string | undefined => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
    };
    await expect.poll(read, PATIENCE).toBeDefined();
    return (read() ?? '').trim();
  }

  /** Resolves once the terminal sends keys without waiting for the end of the line. */
  async isRaw(): Promise<void> {
    const terminal = await this.#tmux('display-message', '-p', '-t', 'test', '#{pane_tty}');
    const modes = async (): Promise<string> => (await run('stty', ['-F', terminal.trim(), '-a'])).stdout;
    await expect.poll(modes, PATIENCE).toContain('-icanon');
  }

  /** The process id of the job of the shell. */
  job(): number {
    const children = readFileSync(`/proc/${this.#shell}/task/${this.#shell}/children`, 'utf8');
    return Number(children.trim().split(' ').at(-1));
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-S', join(this.#folder, 'socket'), ...args], { env: this.#env });
    return stdout;
  }
}
