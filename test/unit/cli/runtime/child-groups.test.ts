import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ChildGroups, killGroup } from '../../../../src/lib/cli/runtime/child-groups.js';

/** Starts a shell in a process group, and resolves with the id of the group and the process that `line` prints. */
async function start(line: string): Promise<{ leader: number; printed: number; ended: Promise<unknown> }> {
  const child = spawn('sh', ['-c', line], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { leader: child.pid ?? 0, printed: Number(text), ended };
}

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('child groups', () => {
  it('closing child groups terminates what a command that has ended left in the background', async () => {
    const groups = new ChildGroups();
    const { leader, printed, ended } = await start('sleep 1000 >/dev/null & echo $!');
    groups.started(leader);
    await ended;
    groups.ended(leader);
    expect(runs(printed)).toBe(true);
    await groups.close();
    await vi.waitFor(() => expect(runs(printed)).toBe(false), { timeout: 20_000 });
  });

  it('closing child groups kills a background process that ignores SIGTERM', async () => {
    const groups = new ChildGroups();
    const { leader, printed, ended } = await start("trap '' TERM; sleep 1000 >/dev/null & echo $!");
    groups.started(leader);
    await ended;
    groups.ended(leader);
    await groups.close();
    await vi.waitFor(() => expect(runs(printed)).toBe(false), { timeout: 20_000 });
  });

  it('child groups kill running commands and their descendants when the process exits', async () => {
    const groups = new ChildGroups();
    const { leader, printed, ended } = await start("trap '' TERM; sleep 1000 & echo $!; wait");
    groups.started(leader);
    const [listener] = process.listeners('exit').slice(-1);
    listener?.(0);
    await ended;
    groups.ended(leader);
    await groups.close();
    await vi.waitFor(() => expect(runs(printed)).toBe(false), { timeout: 20_000 });
  });

  it('child groups leave a process alone that has got the id of a group that has ended', async () => {
    const groups = new ChildGroups();
    const { leader, printed } = await start('echo $$; sleep 1000');
    expect(printed).toBe(leader);
    groups.ended(leader);
    await groups.close();
    expect(runs(leader)).toBe(true);
    expect(killGroup(leader, 'SIGKILL')).toBe(true);
    await vi.waitFor(() => expect(killGroup(leader, 'SIGKILL')).toBe(false), { timeout: 20_000 });
  });
});
