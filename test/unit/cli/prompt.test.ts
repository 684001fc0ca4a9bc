import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ask, choose } from '../../../src/lib/cli/prompt.js';
import { Sink, surroundingsOf } from './surroundings.js';

/** A terminal at which a person types these keys, once something was asked. */
function terminal(typed: string, signal = new AbortController().signal) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = new Sink({ isTTY: true });
  stdin.write(typed);
  return surroundingsOf({ stdin, stderr, signal });
}

describe('ask', () => {
  it('resolves with the line that is typed', async () => {
    const world = terminal('bob\r');
    expect(await ask('Who? ', world)).toBe('bob');
    expect((world.stderr as Sink).text).toContain('Who? ');
  });

  it('shows nothing of a secret', async () => {
    const world = terminal('s3cret\r');
    expect(await ask('Invite: ', world, true)).toBe('s3cret');
    expect((world.stderr as Sink).text).toBe('Invite: \n');
  });

  it('shows the control characters of a question that came from elsewhere', async () => {
    const world = terminal('x\r');
    await ask('\u001b[2JPassword: ', world, true);
    expect((world.stderr as Sink).text).not.toContain('\u001b');
  });

  it('ends with exit code 130 at Ctrl-C', async () => {
    await expect(ask('Who? ', terminal('\u0003'), true)).rejects.toMatchObject({ exitCode: 130 });
  });

  it('ends when the command does', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const answer = ask('Who? ', terminal('', stop.signal));
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });
});

describe('choose', () => {
  it('lists what there is and resolves with the index of the choice', async () => {
    const world = terminal('2\r');
    expect(await choose('Which?', ['a', 'b'], world)).toBe(1);
    expect((world.stderr as Sink).text).toContain('Which?\n  1  a\n  2  b\n');
  });
});
