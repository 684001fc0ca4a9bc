import { basename, extname } from 'node:path';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { usageError } from '../runtime/cli-error.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { serveSettings } from '../settings/serve-settings.js';
import type { ServeFlags } from './serve-flags.js';

/** What `serve` does, decided. */
export interface ServeOptions {
  readonly name: string;
  readonly version: string;
  /** A module whose exported functions are methods. */
  readonly module: string | undefined;
  /** Methods, and the shell commands that answer them. */
  readonly commands: ReadonlyMap<string, string>;
  readonly parallel: number;
  /** Milliseconds that a command may take; 0 = any. */
  readonly timeout: number;
  readonly port: number;
  readonly ip: string;
  readonly environment: string;
  readonly region: string;
  readonly register: boolean;
  /** Where Kontrol is, and with which kite key to register there. */
  readonly settings: CommandSettings;
  /** Whether callers must say who they are. */
  readonly auth: boolean;
  readonly systemInfo: boolean;
  readonly allowOrigin: readonly string[] | '*';
  readonly allowedHosts: readonly string[] | '*' | undefined;
}

/** @throws CliError where flags do not fit each other, or one does not say what it must */
export function serveOptions(module: string | undefined, flags: ServeFlags, env: Environment): ServeOptions {
  const settings = CommandSettings.fromFlags(serveSettings, flags, env);
  const commands = commandsOf(flags.method ?? [], flags.exec ?? []);
  if (module === undefined && commands.size === 0) {
    throw usageError(
      'Nothing to serve: neither a module nor --method is given.',
      `Name a module, ./kite.js, or a command: --name math --method square --exec 'jq ".[0]*.[0]"'`,
    );
  }
  return {
    name: nameOf(flags.name ?? (module === undefined ? undefined : basename(module, extname(module)))),
    version: settings.value(commonSettings.version),
    module,
    commands,
    parallel: flags.parallel ?? 8,
    timeout: flags.timeout ?? 30_000,
    port: settings.value(commonSettings.port),
    ip: settings.value(commonSettings.ip),
    environment: settings.value(commonSettings.environment),
    region: settings.value(commonSettings.region),
    register: flags.register ?? false,
    settings,
    auth: !flags['no-auth'],
    systemInfo: flags['system-info'],
    allowOrigin: settings.value(commonSettings.allowedOrigins),
    allowedHosts: settings.value(commonSettings.allowedHosts),
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
