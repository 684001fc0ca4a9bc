import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TerminalInput } from '../../../src/lib/util/terminal-input.js';

const CTRL_Z = '\u001a';

afterEach(() => vi.restoreAllMocks());

/** A terminal that records what happens to it, and the signals that the process sends. */
function terminal() {
  const events: string[] = [];
  const keyboard = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => void events.push(raw ? 'raw' : 'cooked'),
  });
  vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    events.push(`kill ${pid} ${signal}`);
    return true;
  });
  const input = new TerminalInput(keyboard, {
    enter: () => events.push('enter'),
    leave: () => events.push('leave'),
    redraw: () => events.push('redraw'),
  });
  let keys = '';
  input.on('data', (chunk) => (keys += String(chunk)));
  /** What has happened since the last call. */
  const happened = (): string => events.splice(0).join(', ');
  return { keyboard, input, happened, keys: () => keys };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a terminal whose keys are read', () => {
  it('a terminal is set up at first, and restored once', () => {
    const { input, happened } = terminal();
    input.setRawMode(true);
    expect(happened()).toBe('enter, raw');
    input.close();
    input.close();
    expect(happened()).toBe('cooked, leave');
  });

  it('Ctrl-Z in raw mode stops the job, and sets the terminal up and draws again when it continues', async () => {
    const { keyboard, input, happened, keys } = terminal();
    input.setRawMode(true);
    happened();
    keyboard.write(`ab${CTRL_Z}c`);
    await turn();
    expect(happened()).toBe('cooked, leave, kill 0 SIGTSTP, raw, enter, redraw');
    expect(keys()).toBe('abc');
    input.close();
  });

  it('Ctrl-Z without raw mode is a key, because the terminal has its own', async () => {
    const { keyboard, input, happened, keys } = terminal();
    keyboard.write(CTRL_Z);
    await turn();
    expect(keys()).toBe(CTRL_Z);
    expect(happened()).toBe('enter');
    input.close();
  });

  it('SIGTSTP stops this process, and SIGCONT sets up what a shell has changed', () => {
    const { input, happened } = terminal();
    input.setRawMode(true);
    happened();
    process.emit('SIGTSTP', 'SIGTSTP');
    expect(happened()).toBe(`cooked, leave, kill ${process.pid} SIGTSTP, raw, enter, redraw`);
    process.emit('SIGCONT', 'SIGCONT');
    expect(happened()).toBe('cooked, leave, raw, enter, redraw');
    input.close();
  });

  it.each(['exit', 'uncaughtExceptionMonitor'])(
    'a terminal is restored before the event %s ends',
    (event) => {
      const { input, happened } = terminal();
      input.setRawMode(true);
      happened();
      const listeners = process.listeners(event as 'exit');
      listeners.at(-1)?.call(process, 0);
      expect(happened()).toBe('cooked, leave');
      input.close();
      expect(happened()).toBe('');
    },
  );

  it('a terminal that was closed ends its input, and reports no error', async () => {
    const { keyboard, input } = terminal();
    const ended = new Promise<string>((resolve) => input.on('end', () => resolve('ended')));
    keyboard.emit('error', new Error('read EIO'));
    expect(await ended).toBe('ended');
    input.close();
  });

  it('a closed terminal leaves no listeners behind', async () => {
    const before = process.eventNames().map((name) => process.listenerCount(name));
    const { input } = terminal();
    input.close();
    await turn();
    expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(before);
  });
});
