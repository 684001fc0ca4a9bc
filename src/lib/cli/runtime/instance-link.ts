import process from 'node:process';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { record } from '../../util/record.js';

/** What an instance of `serve --instances` is told by the process that has started it. */
export type InstanceCommand = 'end' | 'reload' | 'toggleDebug';

/** The fields of a CliError, with which a command has failed. */
export interface InstanceFailure {
  readonly message: string;
  readonly exitCode: number;
  readonly type: string;
  readonly code: string;
  readonly hint: string;
  readonly operation: string;
}

/** What an instance reports to the process that has started it. */
export type InstanceReport =
  | { readonly type: 'listening' }
  /** It also is registered, if it registers. */
  | { readonly type: 'ready'; readonly url: string; readonly kite: string }
  | { readonly type: 'failed'; readonly failure: InstanceFailure };

/** Returns a message of an instance as a report, and undefined if a module of the user has sent it. */
export function readReport(message: unknown): InstanceReport | undefined {
  const { type, url, kite, failure } = record(message);
  if (type === 'listening') return { type };
  if (type === 'ready' && typeof url === 'string' && typeof kite === 'string') return { type, url, kite };
  if (type !== 'failed') return undefined;
  const { message: text, exitCode, type: kind, code, hint, operation } = record(failure);
  return {
    type,
    failure: {
      message: String(text),
      exitCode: Number(exitCode),
      type: String(kind),
      code: String(code),
      hint: String(hint),
      operation: String(operation),
    },
  };
}

/**
 * Returns the environment of the instance with a number. The variable is internal: the instance removes it, so that no other
 * program gets it.
 */
export function instanceEnvironment(env: Environment, number: number): NodeJS.ProcessEnv {
  return { ...env, KITECTL_INSTANCE: String(number) };
}

/** Returns the link of this process, if it is an instance. Removes the variable from `env`. */
export function instanceLink(env: NodeJS.ProcessEnv): InstanceLink | undefined {
  const number = Number(env['KITECTL_INSTANCE']);
  delete env['KITECTL_INSTANCE'];
  return number > 0 && process.channel ? new InstanceLink(number) : undefined;
}

/** The connection of an instance of `serve --instances` to the process that has started it. */
export class InstanceLink {
  /** From 1 on. */
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }

  /** Whether the process that has started this instance has ended, or wants nothing more from it than its end. */
  get lost(): boolean {
    return !process.connected;
  }

  /** Calls `command` for each command, and `lost` when the connection ends. They must not throw. */
  follow(command: (command: InstanceCommand) => void, lost: () => void): void {
    const guarded = guardListeners(lost);
    // A module of the user may send messages of its own.
    const onMessage = guarded((message: unknown) => {
      if (message === 'end' || message === 'reload' || message === 'toggleDebug') command(message);
    });
    process.on('message', onMessage);
    process.on('disconnect', guarded(lost));
    if (this.lost) lost();
  }

  /** Resolves when the report was sent, or cannot be. */
  report(report: InstanceReport): Promise<void> {
    return new Promise((resolve) => {
      if (!process.send || this.lost) return resolve();
      process.send(report, undefined, undefined, () => resolve());
    });
  }
}
