import { asksForHelp, hasSwitch, splitArgv } from './argv.js';
import type { CommandTable } from './base-command.js';
import { CliError } from './cli-error.js';
import { ExitCode, formatExitCodes } from './exit-codes.js';
import { toCliError } from './failures.js';
import { ProcessSurroundings } from './process-surroundings.js';
import { reportFailure } from './report.js';
import type { Surroundings } from './surroundings.js';
import { unknownCommand } from './unknown-command.js';

/**
 * Runs the command line of this process and ends the process with its exit code.
 *
 * Known commands run directly, without oclif's discovery, which takes longer than a call; help comes from oclif and its
 * manifest.
 */
export async function main(root: string, commands: CommandTable): Promise<never> {
  const argv = process.argv.slice(2);
  const surroundings = new ProcessSurroundings(root, hasSwitch(argv, 'no-color'));
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (error: CliError): void => {
      surroundings.stop(error);
      reject(error);
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
  let exitCode: ExitCode = ExitCode.ok;
  try {
    await Promise.race([dispatch(root, argv, commands, surroundings), stopped]);
  } catch (error) {
    const failure = toCliError(error);
    exitCode = failure.exitCode;
    const json = hasSwitch(argv, 'json');
    // Whoever pressed Ctrl-C knows it.
    if (json || failure.type !== 'interrupted') await reportFailure(failure, json, surroundings);
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
  const { id, rest } = splitArgv(argv);
  if (id === '--version' || id === '-version') {
    const { platform, arch, version } = process;
    surroundings.stdout.write(`kitectl/${surroundings.version} ${platform}-${arch} node-${version}\n`);
    return;
  }
  const load = id !== undefined && Object.hasOwn(commands, id) ? commands[id] : undefined;
  if (id === undefined || id === 'help' || asksForHelp([id])) return help(root, rest, commands, surroundings);
  if (!load) throw unknownCommand(id, Object.keys(commands));
  if (asksForHelp(rest)) return help(root, [id], commands, surroundings);
  const [Class, { BaseCommand }] = await Promise.all([load(), import('./base-command.js')]);
  return BaseCommand.execute(Class, id, rest, root, surroundings);
}

const TOPICS = { 'exit-codes': 'What the exit codes of kitectl mean.' };

async function help(
  root: string,
  words: readonly string[],
  commands: CommandTable,
  surroundings: Surroundings,
): Promise<void> {
  const name = words.find((word) => !word.startsWith('-') && word !== 'help');
  if (name === 'exit-codes') {
    surroundings.stdout.write(formatExitCodes());
    return;
  }
  if (name !== undefined && !Object.hasOwn(commands, name)) {
    throw unknownCommand(name, [...Object.keys(commands), ...Object.keys(TOPICS)]);
  }
  // oclif's colours have switches of their own; this is the one that they share.
  if (surroundings.noColor) process.env['NO_COLOR'] = '1';
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
