import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  generateKeyPair,
  type KeyPair,
  newKiteKey,
  parseKiteKey,
  selfSignedCertificate,
  writeKiteKeyFile,
} from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { root } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { writeFile } from 'node:fs/promises';

// Wrong situations, each with what every row of the doctor says, so that rows which contradict each other are seen.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let network: Network;
let math: string;
let secure: Network;
let certificate: string;

beforeAll(async () => {
  network = await Network.create();
  math = (await network.register()).url;
  const keys = await generateKeyPair();
  certificate = await selfSignedCertificate({ hosts: ['kontrol.example.com'], keys });
  secure = await Network.create({ tls: { cert: certificate, key: keys.privateKey } });
});

afterAll(async () => {
  await network.close();
  await secure.close();
});

interface Row {
  readonly result: string;
  readonly detail: string;
  readonly hint: string;
}

interface Given {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Situation {
  readonly title: string;
  readonly given: () => Given | Promise<Given>;
  readonly code: number;
  /** The rows that are not ok. Every other row is. */
  readonly rows: Readonly<Record<string, RegExp>>;
  /** What the hints of rows say. */
  readonly hints?: Readonly<Record<string, RegExp>>;
}

function clockOf(difference: number): Given {
  const preload = join(root, 'test', 'helpers', 'cli', 'moved-clock.cjs');
  return { env: { NODE_OPTIONS: `--require ${preload}`, CLOCK_DIFFERENCE: String(difference) } };
}

/** A home with the kite key of bob and a mode. */
async function homeOf(mode: number): Promise<string> {
  const home = temporaryFolder();
  await mkdir(home, { recursive: true });
  const file = await writeKiteKeyFile(network.jwt, { home });
  await chmod(file, 0o400);
  await chmod(home, mode);
  return home;
}

/** A key file of bob's for the network, issued with a lifetime by a clock that was `age` behind. */
async function keyFile(ttl: number, age: number): Promise<string> {
  const keyPair: KeyPair = await testKeyPair(0);
  const owner = { username: 'bob', kontrolUser: 'kontrol', kontrolUrl: network.kontrol.url };
  const clock = { ...systemClock, now: () => Date.now() - age };
  return writeKiteKeyFile(newKiteKey({ ...owner, keyPair, ttl, clock }), { home: temporaryFolder() });
}

const SITUATIONS: readonly Situation[] = [
  { title: 'everything works', given: () => ({}), code: 0, rows: {} },
  {
    title: 'the URL of Kontrol is that of another kite',
    given: () => ({ args: ['--kontrol', math] }),
    code: 3,
    rows: {
      storage: /^skipped the server is not a Kontrol$/,
      Kontrol: /^failed http\S+ is a kite, but not a Kontrol: it does not offer getKites$/,
    },
    hints: { Kontrol: /^Check that it is the URL of a Kontrol: kitectl config explain$/ },
  },
  {
    title: 'the clock is an hour ahead, which tokens tolerate',
    given: () => clockOf(HOUR),
    code: 0,
    rows: { clock: /^warning 3[56]\d\d s ahead of Kontrol's$/ },
    hints: { clock: /^Synchronize the clocks/ },
  },
  {
    title: 'the clock is an hour behind, so that tokens are not valid yet',
    given: () => clockOf(-HOUR),
    code: 3,
    rows: {
      clock: /^failed 3[56]\d\d s behind Kontrol's: tokens are not valid here yet$/,
      token: /^failed .*not valid yet/,
    },
    hints: { token: /clock/ },
  },
  {
    title: 'the clock is three days ahead, so that tokens have expired',
    given: () => clockOf(3 * DAY),
    code: 3,
    rows: {
      clock: /^failed \d+ s ahead of Kontrol's: tokens have expired here when they are issued$/,
      token: /^failed .*expired/,
    },
    hints: { token: /clock/ },
  },
  {
    title: 'the clock is two minutes behind, which tokens tolerate',
    given: () => clockOf(-2 * 60_000),
    code: 0,
    rows: { clock: /^warning 1[12]\d s behind Kontrol's$/ },
  },
  {
    title: 'the certificate is for another host and not trusted',
    given: () => ({ args: ['--key-file', join(secure.cli.home, '.kite', 'kite.key')] }),
    code: 6,
    rows: {
      TLS: /^failed TLSv1\.\d, the certificate is for DNS:kontrol\.example\.com, not for 127\.0\.0\.1:\d+ and is not trusted/,
      Kontrol: /^failed .*certificate/,
    },
    hints: {
      TLS: /^Use a host name of the certificate in the URL, or install a certificate for this host\.$/,
    },
  },
  {
    title: 'the certificate is for another host, although it is trusted',
    given: async () => {
      const ca = join(secure.cli.home, 'ca.pem');
      await writeFile(ca, certificate);
      return {
        args: ['--key-file', join(secure.cli.home, '.kite', 'kite.key')],
        env: { NODE_EXTRA_CA_CERTS: ca },
      };
    },
    code: 6,
    rows: {
      TLS: /^failed TLSv1\.\d, the certificate is for DNS:kontrol\.example\.com, not for 127\.0\.0\.1:\d+$/,
      Kontrol: /^failed .*certificate/,
    },
    hints: { TLS: /^Use a host name/, Kontrol: /^Use a host name/ },
  },
  {
    title: 'Kontrol has revoked the kite key',
    given: async () => {
      const jwt = await network.kontrol.newKiteKey('bob');
      await network.kontrol.revokeKiteKey(parseKiteKey(jwt).id);
      return { args: ['--key-file', await writeKiteKeyFile(jwt, { home: temporaryFolder() })] };
    },
    code: 4,
    rows: {
      'kite key': /^failed of bob, in .*, rejected by Kontrol$/,
      Kontrol: /^failed .*it was revoked/,
    },
    hints: { 'kite key': /kitectl register --force$/, Kontrol: /kitectl register --force$/ },
  },
  {
    title: 'the kite key has expired',
    given: async () => ({ args: ['--key-file', await keyFile(DAY, 2 * DAY)] }),
    code: 4,
    rows: {
      'kite key': /^failed of bob, in .*, expired at \d/,
      Kontrol: /^failed .*it has expired/,
    },
    hints: { 'kite key': /kitectl register --force$/ },
  },
  {
    title: 'the kite key has expired only by the clock of this machine',
    given: async () => {
      const { env = {} } = clockOf(2 * HOUR);
      return { args: ['--key-file', await keyFile(HOUR, 0)], env };
    },
    code: 3,
    rows: {
      'kite key':
        /^warning of bob, in .*, expired at .* by the clock of this machine, but Kontrol accepts it$/,
      clock: /^failed 7\d+ s ahead of Kontrol's: tokens have expired here/,
      token: /^failed .*expired/,
    },
    hints: { 'kite key': /^Correct the clock/ },
  },
  ...[0o2775, 0o775, 0o2770].map(
    (mode): Situation => ({
      title: `the home with the kite key has the mode ${mode.toString(8)}`,
      given: async () => ({ env: { KITE_HOME: await homeOf(mode) } }),
      code: 3,
      rows: {
        'kite key': new RegExp(
          `^failed The folder \\S+ can be written by other users \\(mode 0?${mode.toString(8)}\\)`,
        ),
        'kite home': new RegExp(
          `^warning \\S+ can be written by other users \\(mode 0?${mode.toString(8)}\\)`,
        ),
        Kontrol: /^skipped no URL/,
      },
      hints: { 'kite home': /^Restrict it with: chmod 700 \S+, or choose another folder with KITE_HOME\.$/ },
    }),
  ),
  {
    title: 'the home of mode 2775 has no kite key',
    given: async () => {
      const home = temporaryFolder();
      await mkdir(home, { recursive: true });
      await chmod(home, 0o2775);
      const file = join(network.cli.home, 'copy.key');
      await copyFile(join(network.cli.home, '.kite', 'kite.key'), file);
      await chmod(file, 0o400);
      return { args: ['--key-file', file], env: { KITE_HOME: home } };
    },
    code: 0,
    rows: { 'kite home': /^warning \S+ can be written by other users \(mode 2775\)/ },
  },
  {
    title: 'Kubernetes has set variables for services named kite and kontrol',
    given: () => ({
      env: {
        KITE_PORT: 'tcp://10.96.0.9:3636',
        KITE_SERVICE_HOST: '10.96.0.9',
        KITE_PORT_3636_TCP_ADDR: '10.96.0.9',
        KONTROL_PORT: 'tcp://10.96.0.10:4000',
        KONTROL_SERVICE_PORT: '4000',
        KONTROL_POSTGRES_PORT: 'tcp://10.96.0.11:5432',
      },
    }),
    code: 0,
    rows: { variables: /^warning .*KITE_PORT.*\n.*KONTROL_PORT.*\n.*KONTROL_POSTGRES_PORT/s },
  },
  {
    title: 'nothing listens at the URL of Kontrol',
    given: () => ({ args: ['--kontrol', 'http://127.0.0.1:9/kite'] }),
    code: 6,
    rows: { server: /^failed .*ECONNREFUSED/, storage: /^skipped the server does not respond$/ },
  },
  {
    title: 'the context that is selected does not exist',
    given: () => ({ args: ['--kontrol', 'http://127.0.0.1:9/kite'], env: { KITE_CONTEXT: 'missing' } }),
    code: 2,
    rows: {
      'kite key': /^failed No such context: missing$/,
      context: /^warning missing does not exist$/,
      server: /^failed .*ECONNREFUSED/,
      storage: /^skipped the server does not respond$/,
    },
  },
  {
    title: 'the file of a certificate authority does not exist',
    given: () => ({ args: ['--ca', '/proc/nope'] }),
    code: 3,
    rows: { Kontrol: /^failed The file \/proc\/nope cannot be read: it does not exist$/ },
    hints: { Kontrol: /^Check --ca/ },
  },
  {
    title: 'the URL of Kontrol lacks the path',
    given: () => ({ args: ['--kontrol', new URL('/', network.kontrol.url).href] }),
    code: 0,
    rows: {},
  },
];

/** The rows of the doctor. Rows of the same check are joined. */
async function doctor({ args = [], env = {} }: Given): Promise<[number | null, Map<string, Row>]> {
  const { code, stdout } = await network.cli.run(['doctor', '-o', 'ndjson', ...args], { env });
  const rows = new Map<string, Row>();
  for (const line of stdout.trimEnd().split('\n')) {
    const row = JSON.parse(line) as Row & { readonly check: string };
    const same = rows.get(row.check);
    rows.set(row.check, same ? { ...row, detail: `${same.detail}\n${row.detail}` } : row);
  }
  return [code, rows];
}

describe('the rows of the doctor', () => {
  it.each(SITUATIONS)('the rows of the doctor agree if $title', async ({ given, code, rows, hints = {} }) => {
    const [exit, found] = await doctor(await given());
    for (const [check, { result, detail }] of found) {
      const text = `${result} ${detail}`;
      expect(`${check}: ${text}`).toMatch(
        rows[check] ? new RegExp(`^${check}: ${rows[check].source.slice(1)}`, rows[check].flags) : /: ok /,
      );
    }
    expect([...found.keys()]).toEqual(expect.arrayContaining(Object.keys(rows)));
    for (const [check, hint] of Object.entries(hints)) expect(found.get(check)?.hint).toMatch(hint);
    expect(exit).toBe(code);
  });

  it('the walk over wrong situations of the doctor covers each of its rows', () => {
    const covered = new Set(SITUATIONS.flatMap(({ rows }) => Object.keys(rows)));
    console.log(`Situations of the doctor: ${SITUATIONS.length}, with ${covered.size} rows that are not ok`);
    expect([...covered].toSorted()).toEqual(
      [
        'Kontrol',
        'TLS',
        'clock',
        'context',
        'kite home',
        'kite key',
        'server',
        'storage',
        'token',
        'variables',
      ].toSorted(),
    );
  });
});
