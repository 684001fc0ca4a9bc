import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../../../src/lib/cli/runtime/start-child.js';

const failed = (cause: unknown): Error => new Error('not started', { cause });

describe('startChild', () => {
  it('startChild returns the process of a program that runs', async () => {
    const child = startChild(() => spawn(process.execPath, ['-e', '0']), failed);
    expect(child).not.toBeInstanceOf(Promise);
    expect(await once(await child, 'exit')).toEqual([0, null]);
  });

  it('startChild rejects if a program does not exist', async () => {
    const child = startChild(() => spawn('no-such-program-here', []), failed);
    await expect(child).rejects.toMatchObject({ message: 'not started', cause: { code: 'ENOENT' } });
  });

  it('startChild rejects if there are no descriptors for the streams of the program, which then do not exist', async () => {
    const error = Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' });
    const child = startChild(() => {
      const broken = new EventEmitter() as ChildProcess;
      process.nextTick(() => broken.emit('error', error));
      return broken;
    }, failed);
    await expect(child).rejects.toMatchObject({ message: 'not started', cause: error });
  });
});
