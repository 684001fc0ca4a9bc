import { KEY_COMMANDS } from '../../../src/lib/cli/settings/command-groups.js';
import { CONNECTING_COMMANDS, walkProblems } from '../../helpers/cli/connecting-commands.js';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { commonSettings } from '../../../src/lib/cli/settings/common-settings.js';
import type { CliSetting } from '../../../src/lib/cli/settings/cli-setting.js';
import { variableName } from '../../../src/lib/kite/config/resolve-setting.js';
import { Network } from '../../helpers/cli/cli-network.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';

let network: Network;
let math: TestKite;

beforeAll(async () => {
  network = await Network.create();
  math = await network.register();
  const home = join(network.cli.home, '.kite', 'kontrol');
  await writeKiteKeyFile(await network.keyOf('kontrol'), { home });
});

afterAll(() => network.close());

/** What Kubernetes sets for services named kite, kontrol and kontrol-postgres. */
const KUBERNETES = Object.fromEntries(
  Object.entries({ KITE: 3636, KONTROL: 4000, KONTROL_POSTGRES: 5432 }).flatMap(([name, port]) => [
    [`${name}_PORT`, `tcp://10.96.0.9:${port}`],
    [`${name}_SERVICE_HOST`, '10.96.0.9'],
    [`${name}_SERVICE_PORT`, String(port)],
    [`${name}_PORT_${port}_TCP`, `tcp://10.96.0.9:${port}`],
    [`${name}_PORT_${port}_TCP_PROTO`, 'tcp'],
    [`${name}_PORT_${port}_TCP_PORT`, String(port)],
    [`${name}_PORT_${port}_TCP_ADDR`, '10.96.0.9'],
  ]),
);

/** Every command that connects to others, and needs no terminal. */
const CLIENTS: Readonly<Record<string, () => readonly string[]>> = {
  call: () => ['call', 'square', '4', '--to', math.url],
  'call QUERY': () => ['call', 'square', '4', '--to', '/bob/prod/math'],
  'call --all': () => ['call', 'square', '4', '--to', '/bob/prod/math', '--all'],
  tell: () => ['tell', '--method', 'square', '4', '--to', math.url],
  ping: () => ['ping', '--to', math.url],
  describe: () => ['describe', '--to', math.url],
  bench: () => ['bench', 'square', '4', '--to', math.url, '--duration', '100ms'],
  query: () => ['query', '/bob'],
  token: () => ['token', '/bob/prod/math'],
  top: () => ['top', '--once'],
  wait: () => ['wait', '/bob/prod/math', '--for', 'answering'],
  'kontrol status': () => ['kontrol', 'status'],
  'kontrol users list': () => ['kontrol', 'users', 'list'],
  'keys list': () => ['keys', 'list'],
  showkey: () => ['showkey'],
  'context list': () => ['context', 'list'],
  list: () => ['list'],
  'config explain': () => ['config', 'explain'],
  doctor: () => ['doctor'],
  shell: () => ['shell', '--to', math.url],
  'kontrol invite': () => ['kontrol', 'invite', 'eve'],
  'kontrol keys list': () => ['kontrol', 'keys', 'list'],
  'kontrol users show': () => ['kontrol', 'users', 'show', 'bob'],
  'kontrol keys rotate': () => ['kontrol', 'keys', 'rotate'],
  'keys show': () => ['keys', 'show'],
};

/** The other commands that connect, or use a kite key. */
const LEFT_OUT = {
  watch: 'runs until it is ended',
  'kontrol keys revoke': 'fails, without a key pair to revoke',
  'kontrol users revoke': 'fails, without a user to revoke',
  'kontrol ui': 'fails, without a page',
  'proxy status': 'fails, without a proxy',
  'keys move': 'removes the kite key of the other commands',
  'keys remove': 'removes the kite key of the other commands',
};

/** A bad value for each variable that these commands do not use. */
const UNUSED = Object.values(commonSettings)
  .filter(
    (setting: CliSetting) =>
      !setting.commands.includes('call') &&
      !setting.commands.includes('query') &&
      setting.accept.parse('/\u0001') === undefined,
  )
  .flatMap(({ variables }: CliSetting) => variables.map(variableName))
  .filter((name) => name.startsWith('KITE_') && name !== 'KITE_LOG_NOCOLOR');

const names = Object.keys(CLIENTS);

describe('variables that a command does not use', () => {
  it.each(names)('%s ignores the variables that Kubernetes sets for services', async (name) => {
    const { code, stderr } = await network.cli.run(CLIENTS[name]?.() ?? [], { env: KUBERNETES, input: '' });
    expect({ code, stderr: name === 'doctor' || name === 'bench' ? '' : stderr }).toEqual({
      code: 0,
      stderr: '',
    });
  });

  it.each(names)('%s ignores bad values of settings that it does not use', async (name) => {
    const env = Object.fromEntries(UNUSED.map((variable) => [variable, '/\u0001']));
    const { code, stderr } = await network.cli.run(CLIENTS[name]?.() ?? [], { env, input: '' });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('the walk over commands and variables prints its numbers', () => {
    const count = names.length * (Object.keys(KUBERNETES).length + UNUSED.length);
    console.log(`variables: ${names.length} commands, ${UNUSED.length} unused, ${count} cases`);
    expect(UNUSED.length).toBeGreaterThanOrEqual(8);
    expect(walkProblems([...CONNECTING_COMMANDS, ...KEY_COMMANDS], names, LEFT_OUT)).toEqual([]);
    expect(count).toBeGreaterThan(300);
  });
});

describe('variables of Kubernetes', () => {
  it.each([
    [
      'serve',
      'KITE_PORT',
      ['serve', '--name', 'a', '--no-auth', '--method', 'm', '--exec', 'echo 1', '--json'],
    ],
    ['kontrol start', 'KONTROL_PORT', ['kontrol', 'start', '--storage', 'memory', '--json']],
  ])('%s listens on its default port and notes once that %s is ignored', async (_name, variable, args) => {
    const running: Running = network.cli.start(args, { env: KUBERNETES });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.outcome;
    });
    await running.until(({ stdout }) => stdout.includes('\n'));
    const notes = running.stderr.split('\n').filter((line) => line.includes('is ignored'));
    expect(notes).toEqual([
      expect.stringContaining(
        `${variable}=tcp://10.96.0.9:${variable === 'KITE_PORT' ? 3636 : 4000} is ignored`,
      ),
    ]);
  });

  it('config explain lists what is ignored and marks what is invalid', async () => {
    const env = { ...KUBERNETES, KITE_IP: '<>' };
    const { stdout } = await network.cli.run(['config', 'explain', '--json'], { env });
    const rows = JSON.parse(stdout) as { setting: string; value: string; source: string }[];
    expect(rows).toContainEqual({ setting: 'port', value: '0', source: 'default' });
    expect(rows).toContainEqual({ setting: 'ip', value: '<> (invalid)', source: 'KITE_IP' });
    expect(rows.filter(({ setting }) => setting.endsWith('variable'))).toEqual([
      { setting: 'ignored variable', value: 'tcp://10.96.0.9:3636 (of Kubernetes)', source: 'KITE_PORT' },
      { setting: 'ignored variable', value: 'tcp://10.96.0.9:4000 (of Kubernetes)', source: 'KONTROL_PORT' },
      {
        setting: 'ignored variable',
        value: 'tcp://10.96.0.9:5432 (of Kubernetes)',
        source: 'KONTROL_POSTGRES_PORT',
      },
    ]);
  });

  it('doctor warns about variables with values that are not used', async () => {
    const env = { ...KUBERNETES, KITE_IP: '<>' };
    const { code, stdout } = await network.cli.run(['doctor', '--json'], { env });
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as { check: string; result: string; detail: string }[];
    const found = rows.filter(({ check }) => check === 'variables');
    expect(found.map(({ result }) => result)).toEqual(['warning', 'warning', 'warning', 'warning']);
    const details = found.map(({ detail }) => detail).join('\n');
    expect(details).toContain('KITE_IP is "<>"');
    expect(details).toContain('KITE_PORT=tcp:');
  });
});
