import { describe, expect, it } from 'vitest';
import { execPath } from 'node:process';
import { WAITING_CALLS } from '../../../../src/lib/cli/runtime/command-limits.js';
import type { ResultType } from '../../../../src/lib/cli/serve/command-result.js';
import { ShellMethods } from '../../../../src/lib/cli/serve/shell-methods.js';
import type { Request } from '../../../../src/lib/index.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const clock = new ManualClock();

/** A command that never ends by itself, as the method `wait`. */
function startShell(
  result: ResultType,
  limits: { readonly timeout: number; readonly streamTimeout: number },
) {
  const command = `"${execPath}" -e "console.log('ready'); setInterval(() => {}, 1000)"`;
  return new ShellMethods({
    commands: new Map([['wait', { command, result }]]),
    env: { PATH: process.env['PATH'] },
    parallel: 1,
    maxBytes: 1000,
    clock,
    logger: silentLogger,
    ...limits,
  });
}

/** Calls the method `wait` as a peer that speaks these extensions. */
function callWait(shell: ShellMethods, extensions: readonly string[] = []): unknown {
  return shell
    .methods()
    .get('wait')
    ?.handler({
      args: [],
      username: 'bob',
      signal: new AbortController().signal,
      client: { extensions: new Set(extensions) },
    } as unknown as Request);
}

describe('a served command', () => {
  it('a served command fails with requestLimitError if WAITING_CALLS calls wait for it', async () => {
    const shell = startShell('auto', { timeout: 0, streamTimeout: 0 });
    const call = async (): Promise<unknown> => callWait(shell);
    const calls = Array.from({ length: 1 + WAITING_CALLS }, () => call().catch((error: unknown) => error));
    await expect(call()).rejects.toMatchObject({ type: 'requestLimitError' });
    await shell.close();
    expect(await calls.at(-1)).toMatchObject({ type: 'disconnect' });
  });

  it('a command that streams lines has the timeout of streams if its caller can cancel it, and otherwise that of commands', async () => {
    for (const [extensions, timeout] of [
      [['cancel', 'stream'], 60_000],
      [[], 30_000],
    ] as const) {
      const shell = startShell('lines', { timeout: 30_000, streamTimeout: 60_000 });
      const lines = callWait(shell, extensions) as AsyncGenerator<string, null>;
      expect(await lines.next()).toEqual({ done: false, value: 'ready' });
      const next = lines.next().catch((error: unknown) => error);
      const before = clock.timers;
      clock.advance(timeout - 1);
      expect(clock.timers).toBe(before);
      clock.advance(1);
      expect(await next).toMatchObject({ code: 'timeout' });
      await shell.close();
    }
  });
});
