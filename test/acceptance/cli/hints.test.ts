import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/lib/cli/completion/command-manifest.js';
import { foreignFlags } from '../../../src/lib/cli/frame/own-flags.js';
import { root } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
let busy: Server;
let math: string;

beforeAll(async () => {
  network = await Network.create();
  math = (await network.register()).url;
  await network.register({}, 'physics');
  busy = createServer();
  busy.listen(0, '127.0.0.1');
  await once(busy, 'listening');
});

afterAll(async () => {
  busy.close();
  await network.close();
});

/** A URL at which nothing listens. */
const NOTHING = 'http://127.0.0.1:9/kite';

interface Failure {
  readonly exit: number;
  readonly message: string | RegExp;
  readonly hint: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Words of a command line, and how it fails. `PORT` is a port in use, `KONTROL` the URL of Kontrol, `MATH` that of a kite. */
const failures: readonly (readonly [line: string, failure: Failure])[] = [
  [
    'kontrol start --storage memory --port PORT',
    { exit: 3, message: /the port is in use$/, hint: 'Choose another port with --port or KONTROL_PORT.' },
  ],
  [
    'proxy start --port PORT --kontrol KONTROL',
    { exit: 3, message: /the port is in use$/, hint: 'Choose another port with --port.' },
  ],
  [
    'serve --no-auth --name math --method one --exec true --port PORT',
    { exit: 3, message: /the port is in use$/, hint: 'Choose another port with --port or KITE_PORT.' },
  ],
  [
    'kontrol start --storage memory --port 0 --ip 192.0.2.1',
    {
      exit: 3,
      message: /this machine has no such address$/,
      hint: 'Choose an address of this machine with --ip or KONTROL_IP.',
    },
  ],
  [
    'kontrol start --storage memory --port 0 --policy nofile',
    {
      exit: 3,
      message:
        'The policy "nofile" is neither "own" nor "open", and cannot be read as a file: no such file or folder',
      hint: '',
    },
  ],
  [
    'kontrol invite bob --ttl 0',
    {
      exit: 2,
      message:
        '--ttl is "0"; it must be a duration of at least one second, such as 30m, 24h, or 90 for 90 seconds',
      hint: 'See: kitectl kontrol invite --help',
    },
  ],
  [
    'kontrol invite a%20b',
    {
      exit: 2,
      message: 'Invalid username "a b": it must not be empty, and not contain "/" or spaces.',
      hint: 'See: kitectl kontrol invite --help',
    },
  ],
  ['kontrol keys revoke nope', { exit: 2, message: 'Confirmation required.', hint: 'Pass --yes.' }],
  [
    'kontrol foo',
    { exit: 2, message: 'Unknown command: kontrol foo', hint: 'List the commands with: kitectl help' },
  ],
  [
    'kontrol inivte',
    { exit: 2, message: 'Unknown command: kontrol inivte', hint: 'Did you mean: kitectl kontrol invite' },
  ],
  ['-o', { exit: 2, message: '-o needs a value.', hint: '' }],
  [
    'call square 4',
    {
      exit: 5,
      message:
        /^2 of your kites respond:\n {2}\| \/bob\/prod\/math\S* {2}http\S*\n {2}\| \/bob\/prod\/physics\S* {2}http\S*$/,
      hint: 'Choose one with --to QUERY or --to URL.',
    },
  ],
  [
    'call sqare 4 --to MATH',
    { exit: 7, message: /sqare/, hint: 'List its methods with: kitectl describe --to MATH' },
  ],
  [
    `call square 4 --to ${NOTHING}`,
    {
      exit: 6,
      message: `Cannot connect to ${NOTHING}: connection refused (ECONNREFUSED)`,
      hint: 'Start the kite, or check the host and port.',
    },
  ],
  [
    `query / --kontrol ${NOTHING}`,
    {
      exit: 6,
      message: `Cannot connect to ${NOTHING}: connection refused (ECONNREFUSED)`,
      hint: 'Start Kontrol, or check its URL: kitectl config explain',
    },
  ],
  [
    'query /bob',
    {
      env: { KITE_KEY: 'bad' },
      exit: 3,
      message:
        'The environment variable KITE_KEY is not a valid kite key: malformed JWT: it does not have three parts',
      hint: 'Set KITE_KEY to another kite key, or unset it to use a file. Get one with: kitectl register',
    },
  ],
  [
    'query foo',
    {
      exit: 2,
      message: 'Invalid query "foo": it does not start with /',
      hint: 'A query is /user/environment/name/version/region/hostname/id; fields at the end can be omitted.',
    },
  ],
  [
    'token /bob/prod/nothing',
    {
      exit: 5,
      message: 'No kite is registered for /bob/prod/nothing at KONTROL.',
      hint: 'List the kites with: kitectl query /USER',
    },
  ],
  [
    'token /bob',
    {
      exit: 5,
      message: 'More than one kite at KONTROL matches /bob.',
      hint: 'Add fields to the query. List the kites with: kitectl query /bob',
    },
  ],
  [
    'expose http://127.0.0.1:9 --name other',
    {
      exit: 6,
      message: 'Cannot connect to http://127.0.0.1:9: connection refused (ECONNREFUSED)',
      hint: 'Start the kite to expose first, and pass its URL, such as http://localhost:3636/kite',
    },
  ],
  [
    'register --to KONTROL --username gina --context gina --invite-file nofile',
    {
      exit: 3,
      message: 'The invite file nofile cannot be read: no such file or folder',
      hint: 'Pass another file with --invite-file.',
    },
  ],
];

/** Fills in the addresses. */
function here(text: string): string {
  return text
    .replace(/\bPORT\b/, String((busy.address() as AddressInfo).port))
    .replace(/\bKONTROL\b/, network.kontrol.url)
    .replace(/\bMATH\b/, math);
}

/** Returns the flags of the command in a command line. */
function flagsOf(args: readonly string[]): ReadonlySet<string> {
  const { commands } = readManifest(root);
  const names = [3, 2, 1].map((count) => args.slice(0, count).join(' '));
  const found = names.map((name) => commands.find(({ id }) => id === name)).find((one) => one !== undefined);
  return new Set(found?.flags.map(({ name }) => name));
}

/** Returns runs of four words that both sentences contain. */
function repeated(message: string, hint: string): string[] {
  const words = (text: string): string[] => text.toLowerCase().match(/[\w/:.-]*\w/g) ?? [];
  const runs = (text: string): string[] =>
    words(text).flatMap((_word, at, all) => (at + 4 > all.length ? [] : [all.slice(at, at + 4).join(' ')]));
  return runs(hint).filter((run) => runs(message).includes(run));
}

describe('the hint of a failure', () => {
  it.each(failures)('the failure of "kitectl %s" has a hint that fits', async (line, failure) => {
    const args = line.split(' ').map((word) => here(word).replaceAll('%20', ' '));
    const { code, stderr } = await network.cli.run(args, failure.env ? { env: failure.env } : {});
    const [, report = '', hint = ''] =
      /^error: ([\s\S]*?)\n(?:hint: (.*)\n)?$/m.exec(stderr.slice(stderr.indexOf('error: '))) ?? [];
    expect(code).toBe(failure.exit);
    if (typeof failure.message === 'string') expect(report).toBe(here(failure.message));
    else expect(report).toMatch(failure.message);
    expect(hint).toBe(here(failure.hint));
    expect(repeated(report, hint)).toEqual([]);
    expect(foreignFlags(hint, (name) => flagsOf(args).has(name))).toEqual([]);
  });

  it('the hint of a second Kontrol on one folder names the flag of the folder', async () => {
    const data = join(network.cli.home, 'data');
    const args = ['kontrol', 'start', '--port', '0', '--no-ui', '--data', data];
    const first = network.cli.start(args);
    await first.until(({ stderr }) => stderr.includes('Kontrol listens at'));
    const { code, stderr } = await network.cli.run(args);
    first.child.kill();
    await first.outcome;
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /is in use by another Kontrol, process \d+\nhint: Stop the other Kontrol, or choose another folder with --data or KONTROL_DATA\.\n$/,
    );
  });
});
