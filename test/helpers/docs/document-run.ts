import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Block, Document } from './markdown.js';
import { PREPARATIONS, type Preparation } from './preparations.js';
import { MISSING_OUTPUT, Terminal } from './terminal.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The first line of a block that keeps running: "# In another terminal", or "# In another terminal: node 1". */
const ANOTHER_TERMINAL = /^# In another terminal(?:: (.+))?$/;
/** The first line of a block for an open terminal: "# In that terminal, after Ctrl-C", or "# In the terminal of node 1, …". */
const AFTER_INTERRUPT = /^# In (?:that terminal|the terminal of (.+)), after Ctrl-C$/;

/** Commands that `.ci/run` and `npm test` run before any test, and that take longer than all documents. */
export const DONE_BEFORE = /^(?:npm ci|npm run build)$/gm;

/** The result of a document's shell blocks. */
export interface Report {
  readonly ran: number;
  readonly compared: number;
  readonly problems: readonly string[];
}

interface OtherTerminal {
  readonly label: string | undefined;
  readonly terminal: Terminal;
}

/**
 * Runs the shell blocks of a document from top to bottom, in a clone of the repository and with a temporary home folder.
 *
 * - Blocks run in one shell. A block that begins with "# In another terminal" runs in a separate shell. Its program keeps running
 *   until the document ends, or until a block that begins with "# In that terminal, after Ctrl-C".
 * - An `output` block contains the lines that the shell block before it prints, in this order. Other lines may be printed between
 *   them, and `…` matches any text. A program that keeps running needs an output block; it is ready when it has printed it.
 * - A block after "Save this as `name`:" is saved under that name before the following blocks run.
 */
export class DocumentRun {
  readonly #document: Document;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #terminals: Terminal[] = [];
  readonly #problems: string[] = [];
  #ran = 0;
  #compared = 0;

  private constructor(document: Document, folder: string) {
    this.#document = document;
    this.#folder = folder;
    const preload = join(root, 'test', 'helpers', 'docs', 'example-hosts.cjs');
    this.#env = {
      PATH: `${join(folder, 'bin')}:${join(folder, 'npm', 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: join(folder, 'home'),
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      NODE_OPTIONS: `--require=${preload}`,
      // npm uses the configuration of this machine, except that global packages are installed into the folder.
      ...npmSettings(folder),
    };
  }

  /** @param signal ends all programs */
  static async run(
    document: Document,
    preparations: readonly Preparation[],
    signal: AbortSignal,
  ): Promise<Report> {
    const folder = await mkdtemp(join(tmpdir(), 'kitectl-document-'));
    const run = new DocumentRun(document, folder);
    signal.addEventListener('abort', () => {
      for (const terminal of run.#terminals) terminal.kill();
    });
    try {
      await run.#furnish();
      await run.#prepared(preparations);
    } finally {
      for (const terminal of run.#terminals) await terminal.close();
      await rm(folder, { recursive: true, force: true });
    }
    return { ran: run.#ran, compared: run.#compared, problems: run.#problems };
  }

  /** Creates a home folder, the programs, and a clone of the repository that has been built. */
  async #furnish(): Promise<void> {
    const clone = join(this.#folder, 'kitectl');
    for (const name of ['home', 'bin', 'blocks', 'kitectl', 'npm']) await mkdir(join(this.#folder, name));
    await symlink(join(root, 'bin', 'run.js'), join(this.#folder, 'bin', 'kitectl'));
    await symlink(join(root, 'bin', 'kontrol.js'), join(this.#folder, 'bin', 'kontrol'));
    for (const name of await readdir(root)) {
      if (name === '.git') continue;
      if (name === 'package.json') await cp(join(root, name), join(clone, name));
      else if (name === 'node_modules') await linkEntries(join(root, name), join(clone, name));
      else await symlink(join(root, name), join(clone, name));
    }
  }

  /** Starts the prerequisites, runs the document, and ends the prerequisites. */
  async #prepared(preparations: readonly Preparation[]): Promise<void> {
    const [first, ...others] = preparations;
    if (first === undefined) return this.#readDocument();
    const context = { env: this.#env, cwd: this.#clone, newTerminal: () => this.#newTerminal() };
    const end = await PREPARATIONS[first](context);
    try {
      await this.#prepared(others);
    } finally {
      await end();
    }
  }

  async #readDocument(): Promise<void> {
    const main = this.#newTerminal();
    const others: OtherTerminal[] = [];
    const { blocks } = this.#document;
    for (const [index, block] of blocks.entries()) {
      if (block.fileName !== undefined) await writeFile(join(this.#clone, block.fileName), `${block.text}\n`);
      if (block.language !== 'sh') continue;
      const next = blocks[index + 1];
      const output = next?.language === 'output' ? next : undefined;
      if (output) this.#compared++;
      this.#ran++;
      try {
        await this.#runBlock(block, output, main, others);
      } catch (error) {
        this.#problem(block, error instanceof Error ? error.message : String(error));
        break;
      }
      if (this.#problems.length > 0) break;
    }
    for (const { terminal } of others.toReversed()) {
      const failed = await terminal.interrupt().catch((error: unknown) => String(error));
      if (failed !== undefined && this.#problems.length === 0)
        this.#problems.push(`${this.#document.path}: at the end: ${failed}\n${terminal.output}`);
    }
  }

  async #runBlock(
    block: Block,
    output: Block | undefined,
    main: Terminal,
    others: OtherTerminal[],
  ): Promise<void> {
    const isThere = (printed: string): boolean => output === undefined || contains(printed, output.text);
    const other = await this.#otherTerminal(block, others);
    const terminal = other ?? main;
    const stays = other !== undefined;
    if (stays && output === undefined)
      throw new Error('a program that keeps running needs an output block that shows when it is ready');
    await terminal.type(block.text.replace(DONE_BEFORE, ': $& # was done before'));
    try {
      if (stays) {
        await terminal.prints(isThere);
      } else {
        const failed = await terminal.finish();
        if (failed !== undefined) throw new Error(failed);
        if (!isThere(terminal.output)) throw new Error(MISSING_OUTPUT);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${why}. It printed:\n${terminal.output}`, { cause: error });
    }
  }

  /** The terminal that the first line of a block names, if it is not the main one. */
  async #otherTerminal({ text }: Block, others: OtherTerminal[]): Promise<Terminal | undefined> {
    const [first = ''] = text.split('\n');
    const another = ANOTHER_TERMINAL.exec(first);
    if (another) {
      const terminal = this.#newTerminal();
      others.push({ label: another[1], terminal });
      return terminal;
    }
    const after = AFTER_INTERRUPT.exec(first);
    if (!after) return undefined;
    const [, label] = after;
    const found = label === undefined ? others.at(-1) : others.find((each) => each.label === label);
    if (!found) throw new Error('no program runs in this terminal');
    const failed = await found.terminal.interrupt();
    if (failed !== undefined) throw new Error(`${failed}\n${found.terminal.output}`);
    return found.terminal;
  }

  #newTerminal(): Terminal {
    const terminal = new Terminal(join(this.#folder, 'blocks'), this.#clone, this.#env);
    this.#terminals.push(terminal);
    return terminal;
  }

  get #clone(): string {
    return join(this.#folder, 'kitectl');
  }

  #problem({ line, text }: Block, message: string): void {
    this.#problems.push(`${this.#document.path}:${line}: ${text}\n${message}`);
  }
}

/** Links the entries of a folder, so that npm can remove or replace them in `to` without changing `from`. */
async function linkEntries(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) await symlink(join(from, name), join(to, name));
}

/** Whether the output contains the expected lines in this order, regardless of spaces and table borders. */
export function contains(printed: string, expected: string): boolean {
  const pattern = expected
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) =>
      plain(line)
        .split('…')
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*'),
    );
  const lines = printed.split('\n').map(plain);
  let from = 0;
  return pattern.every((each) => {
    const at = lines.findIndex((line, index) => index >= from && new RegExp(`^${each}$`).test(line));
    from = at + 1;
    return at !== -1;
  });
}

function plain(line: string): string {
  return line.replace(/[│\s]+/g, ' ').trim();
}

function npmSettings(folder: string): NodeJS.ProcessEnv {
  const home = process.env['HOME'] ?? '';
  return {
    npm_config_userconfig: process.env['npm_config_userconfig'] ?? join(home, '.npmrc'),
    npm_config_cache: process.env['npm_config_cache'] ?? join(home, '.npm'),
    npm_config_prefix: join(folder, 'npm'),
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  };
}
