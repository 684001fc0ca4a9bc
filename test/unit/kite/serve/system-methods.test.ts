import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { addSystemMethods, SYSTEM_METHODS } from '../../../../src/lib/kite/serve/system-methods.js';
import { makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';

/** A kite with a user at a fake terminal, and a caller of it. */
async function atTerminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => input });
  const output = new PassThrough();
  const kite = makeCore();
  addSystemMethods(kite, SYSTEM_METHODS, { input, output });
  const client = makeCore({ dialer: memoryDialer(kite).dialer }).newClient('memory:', {
    auth: { type: 'name', key: 'bob' },
  });
  await client.dial();
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  /** Types after the prompt. */
  const type = async (question: string, text: string): Promise<void> => {
    while (!shown.includes(question)) await settled();
    input.write(text);
  };
  return { client, type, shown: () => shown };
}

describe('kite.print', () => {
  it('kite.print writes one line and escapes control characters', async () => {
    const { client, shown } = await atTerminal();
    expect(await client.tell('kite.print', 'red \u001b[31m\nline')).toBeNull();
    await settled();
    expect(shown()).toBe('red \\x1b[31m\\nline\n');
  });
});

describe('kite.prompt', () => {
  it('kite.prompt returns the line that the user typed', async () => {
    const { client, type, shown } = await atTerminal();
    const answer = client.tell('kite.prompt', 'Name? ');
    await type('Name? ', 'Ali\r');
    expect(await answer).toBe('Ali');
    expect(shown()).toContain('Ali');
  });

  it('kite.prompt fails without a terminal', async () => {
    const { client } = await atTerminal(false);
    await expect(client.tell('kite.prompt', 'Name? ')).rejects.toThrow('Cannot prompt');
  });
});

describe('kite.getPass', () => {
  it('kite.getPass does not echo the typed line', async () => {
    const { client, type, shown } = await atTerminal();
    const answer = client.tell('kite.getPass', 'Password: ');
    await type('Password: ', 'sesame\r');
    expect(await answer).toBe('sesame');
    expect(shown()).not.toContain('sesame');
  });
});

describe('kite.notify', () => {
  it('kite.notify passes the text to the notifier as an argument, and fails if there is none', async () => {
    const { client } = await atTerminal();
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await expect(client.tell('kite.notify', '"; do shell script "x')).rejects.toMatchObject({
        type: 'genericError',
        message: expect.stringContaining('is not installed') as string,
      });
    } finally {
      process.env['PATH'] = path;
    }
  });
});
