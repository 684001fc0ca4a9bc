import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HISTORY_LENGTH } from '../../../../src/lib/cli/runtime/command-limits.js';
import { History } from '../../../../src/lib/cli/shell/history.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const newFile = (): string => join(temporaryFolder(), '.kite', 'shell_history');

describe('History', () => {
  it('adding a line fails where the kernel does not create the folder of the history', async () => {
    expect(await new History('/proc/nowhere/shell_history').add('square 4')).toBe('failed');
  });

  it('History contains the lines of earlier shells, the latest first, in a private file', async () => {
    const file = newFile();
    expect(await new History(file).read()).toEqual([]);
    expect(await new History(file).add('square 4')).toBe('created');
    expect(await new History(file).add('echo 1')).toBe('added');
    expect(await new History(file).read()).toEqual(['echo 1', 'square 4']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  });

  it('History removes the permissions of other users from its file', async () => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    writeFileSync(file, 'old\n');
    chmodSync(file, 0o644);
    await new History(file).add('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['login bob {"password": "x"}', 'secret'],
    ['call token=abc', 'secret'],
    ['use eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib2IifQ.sig', 'secret'],
    ['put "-----BEGIN RSA PRIVATE KEY-----"', 'secret'],
    ['set {"api_key":"x"}', 'secret'],
    [' square 4', 'leadingSpace'],
    [`echo ${'x'.repeat(5000)}`, 'tooLong'],
  ])('History does not store %j', async (line, why) => {
    const file = newFile();
    const history = new History(file);
    expect(await history.add(line)).toBe(why);
    expect(await history.read()).toEqual([]);
  });

  it('History limits its size', async () => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    const lines = Array.from({ length: 2 * HISTORY_LENGTH + 1 }, (_, index) => `line ${index}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    const kept = await new History(file).read();
    expect(kept).toHaveLength(HISTORY_LENGTH);
    expect(kept[0]).toBe(`line ${2 * HISTORY_LENGTH}`);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(HISTORY_LENGTH + 1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('History ignores a file that is not writable', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const history = new History(join(folder, 'file', 'shell_history'));
    expect(await history.read()).toEqual([]);
    expect(await history.add('square 4')).toBe('failed');
  });
});
