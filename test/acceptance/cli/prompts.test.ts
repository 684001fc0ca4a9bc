import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../helpers/process/free-port.js';
import type { Cli, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

const CTRL_C = '\u0003';

let network: Network;
let cli: Cli;
let to: string[];

beforeAll(async () => {
  network = await Network.create();
  ({ cli } = network);
  const { url } = await network.register();
  await network.register({}, 'other');
  to = ['--to', url];
});

afterAll(() => network.close());

const start = (args: string[], env: Record<string, string> = {}): Running =>
  cli.startTerminal(args, 200, { env: { NO_COLOR: '1', ...env } });

const code = async (running: Running): Promise<number | null> => (await running.outcome).code;

describe('register', () => {
  it('register prompts for each missing value without echoing the invite', async () => {
    const env = { KITE_HOME: join(cli.home, 'carol'), USER: 'nobody' };
    const invite = await network.kontrol.invite('carol');
    const running = start(['register'], env);
    await running.type('Where is Kontrol? (http://127.0.0.1:4000/kite)', `${network.kontrol.url}\r`);
    await running.type('Username: (nobody)', 'carol\r');
    await running.type('[input is masked]', `${invite}\r`);
    expect(await code(running)).toBe(0);
    expect(running.stdout).not.toContain(invite);
    expect(running.stdout).toContain('Your kite key as carol');

    const again = start(['register', ...at(), '--username', 'carol'], env);
    await again.type('already. Replace it? (y/N)', '\r');
    expect(await code(again)).toBe(3);
  });

  const at = (): string[] => ['--to', network.kontrol.url];

  it('register never prompts with --no-input or in a pipe, and names the missing flags', async () => {
    const env = { KITE_HOME: join(cli.home, 'dan') };
    for (const [args, flag] of [
      [['register'], '--to'],
      [['register', ...at()], '--username'],
      [['register', ...at(), '--username', 'dan'], '--invite-file'],
    ] as const) {
      const silent = start([...args, '--no-input'], env);
      expect(await code(silent)).toBe(2);
      expect(silent.stdout).toContain(flag);
      const piped = await cli.run(args, { env });
      expect(piped).toMatchObject({ code: 2, stderr: expect.stringContaining(flag) as string });
    }
  });
});

describe('call', () => {
  it('call prompts for a choice if several kites match', async () => {
    const running = start(['call', 'square', '4']);
    await running.type('Kite:', '2\r');
    expect(await code(running)).toBe(0);
    expect(running.stdout.trimEnd().endsWith('16')).toBe(true);
    expect((await cli.terminal(['call', 'square', '4', '--no-input'], 100)).code).toBe(5);
  });

  it('call --interactive lets the kite prompt, one question at a time, and escapes its control characters', async () => {
    const running = start(['call', 'greet', '--interactive', ...to]);
    await running.until(({ stdout }) => stdout.includes('Hello\\x1b[2J!'));
    await running.type('Your name\\x07?', 'eve\r');
    await running.type('Your secret?', 'x\r');
    expect(await code(running)).toBe(0);
    expect(running.stdout).toMatch(/"name": "eve",\s+"secret": "x"/);
  });

  it('call --interactive ends with Ctrl-C, and requires a terminal', async () => {
    const running = start(['call', 'greet', '--interactive', ...to]);
    await running.type('Your name', CTRL_C);
    expect(await code(running)).toBe(130);
    const piped = await cli.run(['call', 'greet', '--interactive', ...to]);
    expect(piped.code).toBe(2);
    expect(piped.stderr).toContain('--interactive');
    expect((await cli.run(['call', 'greet', ...to])).code).toBe(7);
  });
});

describe('irreversible commands', () => {
  it('keygen --force prompts for confirmation', async () => {
    const key = join(cli.home, 'pair', 'key.pem');
    await cli.run(['keygen', '--out', 'pair']);
    const before = await readFile(key, 'utf8');
    const refused = start(['keygen', '--out', 'pair', '--force']);
    await refused.type('Overwrite', 'n\r');
    expect(await code(refused)).toBe(2);
    expect(await readFile(key, 'utf8')).toBe(before);
    expect((await cli.terminal(['keygen', '--out', 'pair', '--force', '--yes'], 80)).code).toBe(0);
    expect(await readFile(key, 'utf8')).not.toBe(before);
  });

  it('keys remove and context remove prompt for confirmation', async () => {
    const env = { KITE_HOME: join(cli.home, 'fay'), KITE_KEY_FILE: join(cli.home, 'fay.key') };
    await cli.run(['context', 'add', 'here'], { env });
    const context = start(['context', 'remove', 'here'], env);
    await context.type('Remove the context here?', 'y\r');
    expect(await code(context)).toBe(0);
    expect((await cli.run(['context', 'list'], { env })).stdout).toBe('');
    const key = start(['keys', 'remove']);
    await key.type('Remove the kite key of bob', CTRL_C);
    expect(await code(key)).toBe(130);
    expect(existsSync(join(cli.home, '.kite', 'kite.key'))).toBe(true);
  });

  it('kontrol keys revoke is refused without a terminal or --yes', async () => {
    const revoked = await cli.run(['kontrol', 'keys', 'revoke', 'an-id']);
    expect(revoked.code).not.toBe(0);
    expect(revoked.stderr).toMatch(/--yes|kite key of Kontrol/);
  });
});

describe('kontrol start', () => {
  it('kontrol start prompts at its first start only', async () => {
    const env = { KITE_HOME: join(cli.home, 'kontrol-home') };
    const args = ['kontrol', 'start', '--port', String(await freePort()), '--storage', 'memory'];
    const refused = start(args, env);
    await refused.type('Kontrol has not run here before', 'n\r');
    expect(await code(refused)).toBe(2);
    expect(existsSync(env.KITE_HOME)).toBe(false);

    const first = start(args, env);
    await first.type('Kontrol has not run here before', '\r');
    await first.type("Where to keep Kontrol's own kite key?", '\r');
    await first.type('Kontrol listens at', CTRL_C);
    expect(await code(first)).toBe(0);
    const second = start(args, env);
    await second.type('Kontrol listens at', CTRL_C);
    expect(await code(second)).toBe(0);
  });
});
