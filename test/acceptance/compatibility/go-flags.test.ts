import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import KontrolStart from '../../../src/commands/kontrol/start.js';
import ProxyStart from '../../../src/commands/proxy/start.js';
import Query from '../../../src/commands/query.js';
import Register from '../../../src/commands/register.js';
import Tell from '../../../src/commands/tell.js';
import { requestsVersion } from '../../../src/lib/cli/frame/argv.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { parseFlags } from '../../helpers/cli/parse-flags.js';

// The flags of the programs of the Go implementation, as they declare them.

interface GoProgram {
  readonly program: string;
  readonly command: { readonly flags: Parameters<typeof parseFlags>[0] };
  /** The flags with a value, each with one that the Go program accepts, and the name of the flag here if it differs. */
  readonly values: Readonly<Record<string, readonly [value: string, name?: string]>>;
  readonly switches?: readonly string[];
  /** Words that have to be on the line as well. */
  readonly also?: readonly string[];
}

const PROGRAMS: readonly GoProgram[] = [
  {
    program: 'kitectl query',
    command: Query,
    values: {
      username: ['koding'],
      environment: ['staging'],
      name: ['naber'],
      version: ['0.0.1'],
      region: ['Asia'],
      hostname: ['caprica'],
      id: ['8dc512b2-52cb-4b02-9bfb-4797c62731de'],
    },
  },
  {
    program: 'kitectl register',
    command: Register,
    values: { to: ['http://127.0.0.1:4000/kite'], username: ['koding'] },
  },
  {
    program: 'kitectl tell',
    command: Tell,
    also: ['-method=square'],
    values: { to: ['http://127.0.0.1:3636/kite'], method: ['divide'], timeout: ['4s'] },
  },
  {
    program: 'kontrol',
    command: KontrolStart,
    switches: ['initial'],
    values: {
      ip: ['0.0.0.0'],
      port: ['6000'],
      tlscertfile: ['cert.pem'],
      tlskeyfile: ['key.pem'],
      registerurl: ['http://127.0.0.1:6000/kite'],
      username: ['kontrol'],
      kontrolurl: ['http://127.0.0.1:6000/kite'],
      publickeyfile: ['key_pub.pem'],
      privatekeyfile: ['key.pem'],
      machines: ['http://127.0.0.1:2379,http://127.0.0.1:2380'],
      version: ['0.0.1'],
      'postgres-host': ['localhost'],
      'postgres-port': ['5432'],
      'postgres-username': ['kontrol'],
      'postgres-password': ['secret'],
      'postgres-dbname': ['kontrol'],
      'postgres-connecttimeout': ['20'],
    },
  },
  {
    program: 'reverseproxy',
    command: ProxyStart,
    also: ['-cert=cert.pem', '-key=key.pem', '-publicHost=localhost'],
    values: {
      cert: ['cert.pem', 'tls-cert'],
      key: ['key.pem', 'tls-key'],
      ip: ['0.0.0.0'],
      port: ['3999'],
      publicHost: ['127.0.0.1', 'public-host'],
      publicPort: ['443', 'public-port'],
      region: ['eu'],
      env: ['development', 'environment'],
    },
  },
  {
    program: 'tunnelproxy',
    command: ProxyStart,
    also: ['--tunnel'],
    values: {
      'public-key': ['key_pub.pem'],
      'private-key': ['key.pem'],
      ip: ['0.0.0.0'],
      port: ['3999'],
      'public-host': ['127.0.0.1:3999'],
      version: ['0.0.1'],
    },
  },
];

describe('the flags of the Go programs', () => {
  it('each flag of the Go programs is accepted, with one dash or two, and with = or a space before its value', async () => {
    let lines = 0;
    for (const { program, command, values, switches = [], also = [] } of PROGRAMS) {
      for (const [flag, [value, name = flag]] of Object.entries(values)) {
        for (const words of [
          [`-${flag}=${value}`],
          [`--${flag}=${value}`],
          [`-${flag}`, value],
          [`--${flag}`, value],
        ]) {
          const parsed: Readonly<Record<string, unknown>> = await parseFlags(command.flags, [
            ...also.filter((word) => !word.startsWith(`-${flag}=`)),
            ...words,
          ]);
          expect(parsed[name], `${program} ${words.join(' ')}`).toBe(value);
          lines++;
        }
      }
      for (const flag of switches) {
        for (const word of [`-${flag}`, `--${flag}`, `-${flag}=true`]) {
          const parsed: Readonly<Record<string, unknown>> = await parseFlags(command.flags, [...also, word]);
          expect(parsed[flag], `${program} ${word}`).toBe(true);
          lines++;
        }
      }
    }
    console.log(`${lines} command lines with the flags of ${PROGRAMS.length} programs`);
  });

  it.each([
    [['-version'], true],
    [['--version'], true],
    [['-version=true'], true],
    [['-version', '-ip', '0.0.0.0'], true],
    [['-ip', '0.0.0.0', '-version'], true],
    [['-version', '1.0.0'], false],
    [['-version=1.0.0'], false],
    [['--', '-version'], false],
    [[], false],
  ])('a proxy with the words %j prints its version: %s', (words, prints) => {
    expect(requestsVersion(words)).toBe(prints);
  });
});

describe('query with the flags of the Go tool', () => {
  let network: Network;
  let id: string;

  beforeAll(async () => {
    network = await Network.create();
    const math = await network.register();
    ({ id } = math.kite.identity);
    await network.register({ environment: 'test' }, 'math');
    await network.register({}, 'other');
  });

  afterAll(() => network.close());

  const found = async (...words: string[]): Promise<string[]> => {
    const { stdout, stderr } = await network.cli.run(['query', ...words]);
    expect(stderr).toBe('');
    return stdout.split('\n').flatMap((line) => /\t(\/\w+\/\w+\/\w+)\//.exec(line)?.[1] ?? []);
  };

  it('query finds the kites whose fields its flags set, of its own user by default', async () => {
    expect(await found('-username=bob')).toEqual(['/bob/prod/math', '/bob/prod/other', '/bob/test/math']);
    expect(await found('-environment=prod')).toEqual(['/bob/prod/math', '/bob/prod/other']);
    expect(await found('-environment=prod', '-name=math')).toEqual(['/bob/prod/math']);
    expect(await found('-environment', 'prod', '-name', 'math', '-version', '>= 1.0')).toEqual([
      '/bob/prod/math',
    ]);
    expect(await found(`-id=${id}`)).toEqual(['/bob/prod/math']);
  });

  it('query does not take its fields from the environment of the user', async () => {
    const { stdout } = await network.cli.run(['query', '-username=bob', '-o', 'name'], {
      env: { KITE_ENVIRONMENT: 'test' },
    });
    expect(stdout.trim().split('\n')).toHaveLength(3);
  });

  it('query reports the path of the fields that it found nothing for', async () => {
    const { code, stderr } = await network.cli.run(['query', '-environment=prod', '-name=nosuch']);
    expect(code).toBe(5);
    expect(stderr).toContain('No kite is registered for /bob/prod/nosuch ');
  });

  it.each([
    [['-name=math'], 'the environment is not set', '--username, --environment, --name'],
    [['-environment=prod', '-name=a/b'], 'the name contains "/"', ''],
    [['-environment=prod', '-name=math', '-version=x.y'], 'version', ''],
    [['-name=math', '/bob/prod/math'], '--name and a query path cannot be used together', ''],
  ])('query rejects the words %j with the reason', async (words, reason, hint) => {
    const { code, stderr } = await network.cli.run(['query', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(hint);
  });

  it('proxy start -version prints the version of kitectl, like the Go reverse proxy', async () => {
    const version = await network.cli.run(['--version']);
    expect(version.code).toBe(0);
    expect(await network.cli.run(['proxy', 'start', '-version'])).toEqual(version);
    expect(await network.cli.run(['proxy', 'start', '-env', 'prod', '-version'])).toEqual(version);
  });
});
