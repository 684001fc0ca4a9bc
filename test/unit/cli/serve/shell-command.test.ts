import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChildGroups } from '../../../../src/lib/cli/runtime/child-groups.js';
import { runShellCommand, type ShellCommandOptions } from '../../../../src/lib/cli/serve/shell-command.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const groups = new ChildGroups();
afterEach(() => groups.close());

const env = { PATH: process.env['PATH'] };

async function run(command: string, options: Partial<ShellCommandOptions> = {}): Promise<string> {
  const output = await runShellCommand({
    name: 'm',
    command,
    input: '',
    env,
    timeout: 0,
    signal: new AbortController().signal,
    maxBytes: 1000,
    clock: new ManualClock(),
    groups,
    ...options,
  });
  return output.toString('utf8');
}

/**
 * A command with a child process, both with its output open: it ends only when both have ended. `stubborn` ones ignore
 * SIGTERM.
 */
function withChild({ stubborn = false } = {}): { command: string; started: () => Promise<void> } {
  const mark = join(temporaryFolder(), 'started');
  const trap = stubborn ? `trap '' TERM; ` : '';
  return {
    command: `${trap}sleep 1000 & : > '${mark}'; wait; sleep 1000`,
    started: () => vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 5000, interval: 5 }),
  };
}

describe('a shell command', () => {
  it('a shell command gets only its input, and resolves with its output', async () => {
    expect(await run('cat; echo "[$#]"', { input: '["$(id)"]\n' })).toBe('["$(id)"]\n[0]\n');
  });

  it('a shell command need not read its input', async () => {
    expect(await run('echo done', { input: 'x'.repeat(1_000_000) })).toBe('done\n');
  });

  it('a shell command that fails rejects with its last line on stderr and its exit code', async () => {
    await expect(run('echo first >&2; echo " the reason " >&2; echo >&2; exit 3')).rejects.toMatchObject({
      type: 'genericError',
      message: 'the reason',
      code: '3',
    });
    await expect(run('exit 4')).rejects.toMatchObject({
      message: 'm: the command failed with exit code 4',
    });
    await expect(run('kill -9 $$')).rejects.toMatchObject({
      message: 'm: the command was terminated by SIGKILL',
      code: 'SIGKILL',
    });
    await expect(run('no-such-program-here')).rejects.toMatchObject({ code: '127' });
  });

  it('a shell command that exceeds its timeout is terminated with its child processes', async () => {
    const clock = new ManualClock();
    const { command, started } = withChild();
    const running = run(command, { clock, timeout: 5000 });
    running.catch(() => {});
    await started();
    clock.advance(5000);
    await expect(running).rejects.toMatchObject({
      message: 'm: the command timed out after 5s',
      code: 'timeout',
    });
    expect(clock.timers).toBe(0);
  });

  it('a shell command whose call is cancelled is terminated with its child processes', async () => {
    const controller = new AbortController();
    const { command, started } = withChild();
    const running = run(command, { signal: controller.signal });
    running.catch(() => {});
    await started();
    controller.abort();
    await expect(running).rejects.toMatchObject({ type: 'disconnect' });
    await expect(run('echo 1', { signal: controller.signal })).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('a shell command that ignores SIGTERM is killed two seconds later', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const { command, started } = withChild({ stubborn: true });
    const running = run(command, { signal: controller.signal, clock });
    running.catch(() => {});
    await started();
    controller.abort();
    clock.advance(1999);
    expect(clock.timers).toBe(1);
    clock.advance(1);
    await expect(running).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('a shell command that prints too much is terminated', async () => {
    await expect(run('yes')).rejects.toMatchObject({
      message: 'm: the command was terminated because its output exceeded 1000 bytes',
      code: 'tooLarge',
    });
  });
});
