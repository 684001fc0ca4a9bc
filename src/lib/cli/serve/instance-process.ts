import { spawn } from 'node:child_process';
import process from 'node:process';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { configurationError } from '../runtime/cli-error.js';
import {
  type InstanceCommand,
  instanceEnvironment,
  type InstanceReport,
  readReport,
} from '../runtime/instance-link.js';
import { startChild } from '../runtime/start-child.js';
import { reasonWithHint } from '../../util/descriptors.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';

/** How an instance has ended. */
export interface InstanceEnd {
  /** Whether its exit code is 0. */
  readonly clean: boolean;
  /** Such as `exit code 1`. */
  readonly how: string;
}

export interface InstanceListeners {
  readonly reported: (report: InstanceReport) => void;
  /** Called once. */
  readonly ended: (end: InstanceEnd) => void;
}

/** A running instance of `serve --instances`. */
export interface InstanceProcess {
  /** 0 if it could not be started. */
  readonly pid: number;
  command(command: InstanceCommand): void;
  /** Ends the connection: the instance then ends by itself, at once if it was ending already. */
  release(): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * Starts this command line again, as the instance with a number. It has the process group of this process, so that a terminal stops
 * and continues all of them, and its output. Its standard input is empty, because several processes cannot share one.
 */
export function startInstance(
  number: number,
  env: Environment,
  { reported, ended }: InstanceListeners,
): InstanceProcess {
  const [, script = '', ...args] = process.argv;
  const started = startChild(
    () =>
      spawn(process.execPath, [...process.execArgv, script, ...args], {
        env: instanceEnvironment(env, number),
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    (cause) => configurationError(`it cannot be started: ${reasonWithHint(cause)}`),
  );
  if (started instanceof Promise) {
    started.catch((error: unknown) => ended({ clean: false, how: messageOf(error) }));
    return { pid: 0, command: () => {}, release: () => {}, kill: () => {} };
  }
  const guarded = guardListeners(() => undefined);
  const onMessage = guarded((message: unknown) => {
    const report = readReport(message);
    if (report) reported(report);
  });
  let end: InstanceEnd | undefined;
  // The last report may arrive after the exit code.
  const ifAllRead = guarded(() => {
    if (end && !started.connected) ended(end);
  });
  const onExit = guarded((code: number | null, signal: NodeJS.Signals | null) => {
    end = {
      clean: code === 0,
      how: code === null ? `killed by ${signal ?? 'a signal'}` : `exit code ${code}`,
    };
    ifAllRead();
  });
  started.on('message', onMessage);
  started.on('exit', onExit);
  started.on('disconnect', ifAllRead);
  return {
    pid: started.pid ?? 0,
    // The connection may end before this process notices that the instance has.
    command: (command) => void (started.connected && started.send(command, () => {})),
    release: () => {
      if (started.connected) started.disconnect();
    },
    kill: (signal) => void started.kill(signal),
  };
}
