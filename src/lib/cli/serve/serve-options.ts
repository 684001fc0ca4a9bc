import { basename, extname } from 'node:path';
import { HOSTS, ORIGINS } from '../../kite/config/accepted-values.js';
import { usageError } from '../runtime/cli-error.js';
import { accepted, kontrolUrls, timeoutMs, wholeNumber } from '../target/connection-flags.js';
import type { ParsedServeFlags } from './serve-flags.js';

/** What `serve` does, decided. */
export interface ServeOptions {
  readonly name: string;
  /** Undefined: `KITE_VERSION`, or 1.0.0. */
  readonly version: string | undefined;
  /** A module whose exported functions are methods. */
  readonly module: string | undefined;
  /** Methods, and the shell commands that answer them. */
  readonly commands: ReadonlyMap<string, string>;
  readonly parallel: number;
  /** Milliseconds that a command may take; 0 = any. */
  readonly timeout: number;
  readonly port: number | undefined;
  readonly ip: string | undefined;
  readonly environment: string | undefined;
  readonly region: string | undefined;
  readonly register: boolean;
  readonly kontrol: readonly string[] | undefined;
  readonly keyFile: string | undefined;
  readonly context: string | undefined;
  /** Whether callers must say who they are. */
  readonly auth: boolean;
  readonly systemInfo: boolean;
  /** Undefined: what the environment says. */
  readonly allowOrigin: readonly string[] | '*' | undefined;
  readonly allowedHosts: readonly string[] | '*' | undefined;
}

/** @throws CliError where flags do not fit each other, or one does not say what it must */
export function serveOptions(module: string | undefined, flags: ParsedServeFlags): ServeOptions {
  const commands = commandsOf(flags.method ?? [], flags.exec ?? []);
  if (module === undefined && commands.size === 0) {
    throw usageError(
      'Nothing to serve: neither a module nor --method is given.',
      `Name a module, ./kite.js, or a command: --name math --method square --exec 'jq ".[0]*.[0]"'`,
    );
  }
  if (commands.size === 0 && (flags.parallel ?? flags.timeout) !== undefined) {
    throw usageError('--parallel and --timeout are about the commands of --exec.', 'Leave them out.');
  }
  if (flags.kontrol !== undefined && !flags.register) {
    throw usageError('--kontrol says where to register.', 'Add --register.');
  }
  return {
    name: nameOf(flags.name ?? (module === undefined ? undefined : basename(module, extname(module)))),
    version: flags.version,
    module,
    commands,
    parallel: wholeNumber(flags.parallel ?? '8', 'parallel', 1, 1000),
    timeout: timeoutMs(flags.timeout) ?? 30_000,
    port: flags.port === undefined ? undefined : wholeNumber(flags.port, 'port', 0, 65_535),
    ip: flags.ip,
    environment: flags.environment,
    region: flags.region,
    register: flags.register,
    kontrol: kontrolUrls(flags.kontrol),
    keyFile: flags['key-file'],
    context: flags.context,
    auth: !flags['no-auth'],
    systemInfo: flags['system-info'],
    allowOrigin: accepted(flags['allow-origin'], '--allow-origin', ORIGINS),
    allowedHosts: accepted(flags['allow-host'], '--allow-host', HOSTS),
  };
}

function commandsOf(methods: readonly string[], execs: readonly string[]): Map<string, string> {
  if (methods.length !== execs.length) {
    throw usageError(
      `Each --method needs its --exec: there are ${methods.length} of one and ${execs.length} of the other.`,
      '--method square --exec COMMAND --method cube --exec COMMAND',
    );
  }
  const commands = new Map<string, string>();
  methods.forEach((method, index) => {
    const command = execs[index] ?? '';
    if (method === '') throw usageError('--method needs a name.');
    if (command.trim() === '') throw usageError(`The command of --method ${method} is empty.`);
    if (commands.has(method)) throw usageError(`--method ${method} is given twice.`);
    commands.set(method, command);
  });
  return commands;
}

function nameOf(name: string | undefined): string {
  if (name === undefined) throw usageError('The kite needs a name.', 'Add --name NAME.');
  if (name === '' || name.includes('/'))
    throw usageError(`The name of a kite must not be empty or contain "/": ${name}`);
  return name;
}
