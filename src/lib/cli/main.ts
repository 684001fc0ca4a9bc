import { asksForHelp, globalsOf, groupsOf, longestOf, splitArgv } from './argv.js';
import type { CommandTable } from './base-command.js';
import { CliError } from './cli-error.js';
import { ExitCode, formatExitCodes } from './exit-codes.js';
import { toCliError } from './failures.js';
import { ProcessSurroundings } from './process-surroundings.js';
import { reportFailure } from './report.js';
import type { Surroundings } from './surroundings.js';
import { unknownCommand } from './unknown-command.js';

/**
 * Runs the command line of this process, or another in its place, and ends the process with its exit code.
 *
 * Known commands run directly, without oclif's discovery, which takes longer than a call; help comes from oclif and its
 * manifest.
 */
export async function main(
  root: string,
  commands: CommandTable,
  argv: readonly string[] = process.argv.slice(2),
): Promise<never> {
  const globals = globalsOf(argv);
  const surroundings = new ProcessSurroundings(root, globals);
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (error: CliError): void => {
      surroundings.stop(error);
      // A server says goodbye to its peers first.
      if (!surroundings.endsByItself) reject(error);
    };
    // Once: a second signal ends the process at once, should the first hang.
    process.once('SIGINT', () => stop(endedBy('SIGINT', ExitCode.interrupted)));
    process.once('SIGTERM', () => stop(endedBy('SIGTERM', ExitCode.terminated)));
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that has seen enough (`| head`) is no failure.
      if (error.code === 'EPIPE') process.exit(ExitCode.ok);
      stop(unwritable(error));
    });
  });
  // Should nothing be left to wait for before the command is done, this is no success.
  process.exitCode = ExitCode.remoteError;
  let exitCode: number = ExitCode.ok;
  try {
    await Promise.race([dispatch(root, argv, commands, surroundings), stopped]);
  } catch (error) {
    const failure = toCliError(error);
    exitCode = failure.exitCode;
    const { json } = globals;
    // Whoever pressed Ctrl-C knows it, and a program that ran in the place of this one has spoken for itself.
    if (failure.type !== 'exit' && (json || failure.type !== 'interrupted')) {
      await reportFailure(failure, json, surroundings);
    }
  }
  await surroundings.flush();
  process.exit(exitCode);
}

async function dispatch(
  root: string,
  argv: readonly string[],
  commands: CommandTable,
  surroundings: Surroundings,
): Promise<void> {
  const known = Object.keys(commands);
  const { id, rest } = splitArgv(argv, known);
  if (id === '--version' || id === '-version') {
    const { platform, arch, version } = process;
    surroundings.stdout.write(`kitectl/${surroundings.version} ${platform}-${arch} node-${version}\n`);
    return;
  }
  const load = id !== undefined && Object.hasOwn(commands, id) ? commands[id] : undefined;
  if (id === undefined || id === 'help' || asksForHelp([id])) return help(root, rest, known, surroundings);
  if (!load) {
    const group = longestOf([id, ...rest], groupsOf(known));
    if (!group) throw unknownCommand(id, known);
    const next = rest[group.length - 1];
    if (next === undefined || next.startsWith('-') || next === 'help') {
      return help(root, group, known, surroundings);
    }
    throw unknownCommand([...group, next].join(' '), known);
  }
  if (asksForHelp(rest)) return help(root, id.split(' '), known, surroundings);
  const [Class, { BaseCommand }] = await Promise.all([load(), import('./base-command.js')]);
  return BaseCommand.execute(Class, id, rest, root, surroundings);
}

const TOPICS = { 'exit-codes': 'What the exit codes of kitectl mean.' };

async function help(
  root: string,
  argv: readonly string[],
  commands: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const words = argv.filter((word) => !word.startsWith('-') && word !== 'help');
  const known = [...commands, ...groupsOf(commands), ...Object.keys(TOPICS)];
  const name = longestOf(words, known)?.join(' ');
  if (name === 'exit-codes') {
    surroundings.stdout.write(formatExitCodes());
    return;
  }
  if (name === undefined && words[0] !== undefined) throw unknownCommand(words[0], known);
  // oclif's colours have switches of their own; this is the one that they share.
  if (surroundings.color !== 'auto') process.env['FORCE_COLOR'] = surroundings.color === 'never' ? '0' : '1';
  const { printHelp } = await import('./help.js');
  await printHelp(root, name, TOPICS);
}

function endedBy(signal: string, exitCode: ExitCode): CliError {
  return new CliError(`Ended by ${signal}.`, { exitCode, type: 'interrupted' });
}

function unwritable(error: NodeJS.ErrnoException): CliError {
  return new CliError(`The output cannot be written: ${error.message}`, {
    exitCode: ExitCode.configuration,
    type: 'output',
    cause: error,
  });
}
