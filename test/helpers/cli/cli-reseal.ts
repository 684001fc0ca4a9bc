import { expect } from 'vitest';
import { freePort } from '../process/free-port.js';
import type { Cli, Outcome, Running } from './cli-harness.js';

/**
 * Runs the steps that `kontrol keys reseal` documents for a store with the settings in `environment`. Resolves with the
 * outcome of a Kontrol that had the new secret only.
 */
export async function changeSecret(
  cli: Cli,
  environment: (more?: Readonly<Record<string, string>>) => Record<string, string>,
): Promise<Outcome> {
  const port = String(await freePort());
  const start = async (secrets: Record<string, string>): Promise<Running> => {
    const running = cli.start(['kontrol', 'start', '--port', port], { env: environment(secrets) });
    await running.until(({ stderr }) => stderr.includes('Kontrol listens at'));
    return running;
  };
  const stop = async (running: Running): Promise<void> => {
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 0 });
  };
  const reseal = ['kontrol', 'keys', 'reseal'];
  const both = { KONTROL_SECRET: 'new', KONTROL_FORMER_SECRET: 'a secret' };

  await stop(await start({ KONTROL_SECRET: 'a secret' }));
  const node = await start(both);
  const { stdout: id } = await cli.run(['kontrol', 'keys', 'list', '-o', 'name']);
  const wrong = { KONTROL_SECRET: 'new', KONTROL_FORMER_SECRET: 'wrong' };
  expect(await cli.run(reseal, { env: environment(wrong) })).toMatchObject({ code: 3, stdout: '' });
  expect(await cli.run(reseal, { env: environment(both) })).toMatchObject({
    code: 0,
    stdout: id,
    stderr: '',
  });
  const again = await cli.terminal(reseal, 100, { env: environment(both) });
  expect(again).toMatchObject({ code: 0, stdout: 'All keys are encrypted with it already.\n' });
  // The node that has both secrets continues.
  expect((await cli.run(['kontrol', 'keys', 'list', '-o', 'name'])).stdout).toBe(id);
  expect((await cli.run(['kontrol', 'keys', 'rotate'])).code).toBe(0);
  await stop(node);

  const former = await cli.run(['kontrol', 'start', '--port', port], {
    env: environment({ KONTROL_SECRET: 'a secret' }),
  });
  expect(former).toMatchObject({ code: 3 });
  expect(former.stderr).toContain('KONTROL_SECRET is not the secret');
  expect(await cli.run(reseal, { env: environment() })).toMatchObject({ code: 3, stdout: '' });
  expect(await cli.run(reseal, { env: environment({ KONTROL_FORMER_SECRET: 'a secret' }) })).toMatchObject({
    code: 2,
  });
  const last = await start({ KONTROL_SECRET: 'new' });
  last.child.kill('SIGTERM');
  return last.outcome;
}
