import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  promptText,
  promptRequired,
  choose,
  confirm,
  requireConfirmation,
} from '../../../../src/lib/cli/terminal/prompt.js';
import type { CommandRuntime } from '../../../../src/lib/cli/runtime/command-runtime.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

/** A terminal with a user who types these keys after the prompt. */
function terminal(more: Partial<CommandRuntime> = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = new Sink({ isTTY: true });
  const world = testRuntime({ stdin, stderr, color: 'never', ...more });
  const type = async (shown: string, ...keys: string[]): Promise<void> => {
    await expect.poll(() => stderr.text).toContain(shown);
    stderr.text = '';
    for (const key of keys) stdin.write(key);
  };
  return { world, stdin, stderr, type };
}

describe('promptText', () => {
  it('promptText resolves with the typed line', async () => {
    const { world, type } = terminal();
    const answer = promptText('Who?', world);
    await type('? Who?', 'bob', '\r');
    expect(await answer).toBe('bob');
  });

  it('promptText does not echo a secret', async () => {
    const { world, stderr, type } = terminal();
    const answer = promptText('Invite:', world, true);
    await type('Invite:', 's3cret', '\r');
    expect(await answer).toBe('s3cret');
    expect(stderr.text).not.toContain('s3');
  });

  it('promptText escapes the control characters of a question from a remote', async () => {
    const { world, type } = terminal();
    const answer = promptText('\u001b[2JPassword\u202e', world, true);
    await type('? \\x1b[2JPassword\\u202e', '\r');
    expect(await answer).toBe('');
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('promptText ends with exit code 130 at %s', async (_title, key) => {
    const { world, type } = terminal();
    const answer = promptText('Who?', world);
    answer.catch(() => {});
    await type('Who?', key);
    await expect(answer).rejects.toMatchObject({ exitCode: 130 });
  });

  it('promptText ends when the command does', async () => {
    const stop = new AbortController();
    const { world, type } = terminal({ signal: stop.signal });
    const reason = new Error('stopped');
    const answer = promptText('Who?', world);
    answer.catch(() => {});
    await type('Who?');
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });
});

describe('promptRequired', () => {
  it('promptRequired ignores earlier input, and prompts again for an empty line', async () => {
    const first = terminal();
    const initial = promptRequired('Who?', 'eve', first.world);
    await first.type('(eve)', '\r');
    expect(await initial).toBe('eve');
    const second = terminal();
    const answer = promptRequired('Who?', undefined, second.world);
    await second.type('Who?', '\r');
    await second.type('Enter a value', 'bob', '\r');
    expect(await answer).toBe('bob');
  });
});

describe('choose', () => {
  it('choose lists the options and resolves with the index of the choice', async () => {
    const { world, type } = terminal();
    const choice = choose('Which?', ['a\u0007', 'b'], world);
    await type('1. a\\x07', '2', '\r');
    expect(await choice).toBe(1);
  });
});

describe('confirm', () => {
  it.each([
    ['y', true],
    ['n', false],
    ['', false],
  ])('confirm reads %j as %s', async (keys, expected) => {
    const { world, type } = terminal();
    const answer = confirm('Sure?', false, world);
    await type('(y/N)', keys, '\r');
    expect(await answer).toBe(expected);
  });
});

describe('requireConfirmation', () => {
  it('requireConfirmation prompts for confirmation, and accepts a refusal', async () => {
    const { world, type } = terminal();
    const consent = requireConfirmation('Remove it?', false, world);
    await type('Remove it?', 'y', '\r');
    await consent;
    const other = terminal();
    const refused = requireConfirmation('Remove it?', false, other.world);
    refused.catch(() => {});
    await other.type('Remove it?', '\r');
    await expect(refused).rejects.toMatchObject({ exitCode: 2, message: 'Canceled: nothing was changed.' });
  });

  it.each([
    ['in a pipe', testRuntime()],
    ['with --no-input', terminal({ noInput: true }).world],
  ])('requireConfirmation %s fails and names the flag', async (_title, world) => {
    await expect(requireConfirmation('Remove it?', false, world)).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('--yes') as string,
    });
    await requireConfirmation('Remove it?', true, world);
  });
});
