import { describe, expect, it } from 'vitest';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

const CLEAR = '\r\u001b[K';

function world(isTTY = true, env = {}) {
  const clock = new ManualClock();
  const stderr = new Sink({ isTTY, columns: 30 });
  const stop = new AbortController();
  const spinner = new Spinner(testRuntime({ clock, stderr, env, signal: stop.signal }));
  let finish: () => void = () => {};
  const work = () =>
    new Promise<number>((resolve) => {
      finish = () => resolve(4);
    });
  return { clock, stderr, stop, spinner, work, finish: () => finish() };
}

describe('Spinner', () => {
  it('Spinner prints nothing for a task of less than a second', async () => {
    const { clock, stderr, spinner, work, finish } = world();
    const done = spinner.during('Waiting', work);
    clock.advance(999);
    finish();
    expect(await done).toBe(4);
    expect(stderr.text).toBe('');
    expect(clock.timers).toBe(0);
  });

  it('Spinner is shown for a longer task, no wider than the terminal, and is cleared at the end', async () => {
    const { clock, stderr, spinner, work, finish } = world();
    const done = spinner.during('Waiting for \u001b[2Jsomething far away', work);
    clock.advance(1000);
    expect(stderr.text).toBe(`${CLEAR}⠋ Waiting for \\x1b[2Jsomethin`);
    clock.advance(1000);
    expect(stderr.text).toContain('⠙');
    finish();
    await done;
    expect(stderr.text.endsWith(CLEAR)).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('Spinner is cleared while other output is written', async () => {
    const { clock, stderr, spinner, work, finish } = world();
    const done = spinner.during('Waiting', work);
    clock.advance(1000);
    spinner.clearAndWrite(() => stderr.write('a line\n'));
    expect(stderr.text).toBe(`${CLEAR}⠋ Waiting (1 s)${CLEAR}a line\n`);
    const goOn = spinner.pause();
    clock.advance(5000);
    expect(stderr.text.endsWith('a line\n')).toBe(true);
    goOn();
    clock.advance(1000);
    expect(stderr.text).toContain('Waiting (7 s)');
    finish();
    await done;
  });

  it('Spinner is cleared when the command is interrupted', async () => {
    const { clock, stderr, stop, spinner, work, finish } = world();
    const done = spinner.during('Waiting', work);
    clock.advance(1000);
    stop.abort();
    expect(stderr.text.endsWith(CLEAR)).toBe(true);
    expect(clock.timers).toBe(0);
    finish();
    await done;
  });

  it.each([
    ['in a pipe', false, {}],
    ['on a dumb terminal', true, { TERM: 'dumb' }],
  ])('Spinner prints nothing %s', async (_title, isTTY, env) => {
    const { clock, stderr, spinner, work, finish } = world(isTTY, env);
    const done = spinner.during('Waiting', work);
    clock.advance(5000);
    finish();
    await done;
    expect(stderr.text).toBe('');
  });
});
