import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import { NAME } from '../../../src/lib/kite/config/accepted-values.js';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { IDENTITY_FIELDS, type KiteIdentity } from '../../../src/lib/protocol/identity.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

// Names that look like `prod`, or like nothing at all.
const LOOKALIKES: Readonly<Record<string, string>> = {
  'a space after it': 'prod ',
  'a space before it': ' prod',
  'a space that does not break': 'prod\u00a0',
  'an ideographic space': '\u3000prod',
  'fullwidth letters': '\uff50\uff52\uff4f\uff44',
  'a letter of mathematics': '\u{1d429}rod',
  'a ligature': 'pro\ufb01',
  'an override of the direction': '\u202eprod',
  'a mark of the direction': 'prod\u200e',
  'an isolate of the direction': '\u2066prod\u2069',
  'an Arabic mark': 'prod\u061c',
  'a space without width': 'pr\u200bod',
  'a joiner': 'pro\u200dd',
  'a soft hyphen': 'pro\u00add',
  'a byte order mark': '\ufeffprod',
  'a tag character': 'prod\u{e0041}',
  'a character of the plane of tags': 'prod\u{e0002}',
  'a variation selector': 'prod\ufe0f',
  'a joiner of graphemes': 'pro\u034fd',
  'a Hangul filler': 'prod\u115f',
  'an empty Braille cell': '\u2800prod',
  'a color': '\u001b[31mprod',
  'a line feed': 'prod\n',
  'a deletion': 'prod\u0008',
  'a C1 control': 'prod\u0085',
  'a line separator': 'prod\u2028',
  'half a character': 'prod\ud83d',
  'an accent of its own': 'pro\u0301d',
};

const GOOD = ['prod', 'pr\u00f3d', '\u4e16\u754c', 'two words', 'a.b-c_d', '\u0928\u092e', '\u{1f600}'];

let kontrol: Kontrol;
let kiteKey: string;

beforeAll(async () => {
  kontrol = await newKontrol();
  await kontrol.listen();
  kiteKey = await kontrol.newKiteKey('alice');
});

afterAll(() => kontrol.close({ drainTimeout: 100 }));

type Field = keyof KiteIdentity;

/** A place that takes fields of an identity, and rejects a bad one with an error, or returns what it takes instead. */
interface Place {
  readonly fields: readonly Field[];
  readonly take: (field: Field, name: string) => unknown;
}

// Kontrol takes the user from the kite key, and knows more about a version.
const REGISTERED = IDENTITY_FIELDS.filter((field) => field !== 'username');

const PLACES: Readonly<Record<string, Place>> = {
  'new Kite': {
    fields: ['username', 'environment', 'name', 'region'],
    take: (field, name) =>
      fieldOf(field, field === 'name' ? name : 'math', field === 'name' ? {} : { [field]: name }),
  },
  'a variable of new Kite': {
    fields: ['username', 'environment', 'region'],
    take: (field, name) => fieldOf(field, 'math', { env: { [`KITE_${field.toUpperCase()}`]: name } }),
  },
  'a flag of a command': {
    fields: ['name', 'username', 'environment', 'region'],
    take: (_field, name) => {
      if (NAME.parse(name) === undefined) throw new Error(`expected ${NAME.description}`);
    },
  },
  'a registration at Kontrol': {
    fields: REGISTERED,
    take: async (field, name) => {
      const error = await register(testIdentity({ [field]: name }));
      if (error !== null) throw new Error(JSON.stringify(error));
    },
  },
  'a registration over HTTP': {
    fields: REGISTERED,
    take: async (field, name) => {
      const auth = { type: 'kiteKey', key: kiteKey };
      const kite = testIdentity({ [field]: name });
      const response = await fetch(new URL('/register', kontrol.kite.url), {
        method: 'POST',
        body: JSON.stringify({ url: 'http://127.0.0.1:3636/kite', kite, auth }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
    },
  },
  'a kite key of Kontrol': { fields: ['username'], take: async (_field, name) => kontrol.newKiteKey(name) },
  'an invite of Kontrol': { fields: ['username'], take: async (_field, name) => kontrol.invite(name) },
  'the user of Kontrol': {
    fields: ['username'],
    take: async (_field, name) => (await newKontrol(name)).close(),
  },
};

/** Returns the field of a new kite. */
function fieldOf(field: Field, name: string, options: KiteOptions): string {
  return new Kite(name, '1.0.0', { kiteKey: false, env: {}, logger: silentLogger, ...options }).identity[
    field
  ];
}

/** Registers a kite of any identity, and resolves with the error of the response. */
async function register(kite: KiteIdentity): Promise<unknown> {
  const socket = new WebSocket(`${kontrol.kite.url?.replace('http', 'ws')}/websocket`);
  try {
    const answer = new Promise<string>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code) => reject(new Error(`closed: ${code}`)));
      socket.on('message', (data: Buffer) => {
        if ((JSON.parse(data.toString()) as { method: unknown }).method === 9) resolve(data.toString());
      });
    });
    await new Promise((resolve) => socket.on('open', resolve));
    const authentication = { type: 'kiteKey', key: kiteKey };
    const withArgs = [{ url: 'http://127.0.0.1:3636/kite' }];
    const envelope = { kite, authentication, withArgs, responseCallback: '[Function]' };
    socket.send(
      JSON.stringify({
        method: 'register',
        arguments: [envelope],
        callbacks: { 9: [0, 'responseCallback'] },
      }),
    );
    const { arguments: args } = JSON.parse(await answer) as { arguments: [{ error: unknown }] };
    return args[0].error;
  } finally {
    socket.terminate();
  }
}

async function newKontrol(username = 'kontrol'): Promise<Kontrol> {
  const keyPair = await testKeyPair();
  return new Kontrol({
    storage: new FakeStorage(),
    username,
    port: 0,
    keyPair,
    env: {},
    logger: silentLogger,
  });
}

const rows = Object.entries(PLACES).flatMap(([place, { fields }]) =>
  fields.map((field) => ({ place, field })),
);

it(`names that look like others are tested in ${rows.length} fields of ${Object.keys(PLACES).length} places, with ${Object.keys(LOOKALIKES).length} names`, () => {
  expect(rows.length).toBeGreaterThan(20);
});

describe.each(rows)('$field in $place', ({ place, field }) => {
  const { take } = PLACES[place] as Place;

  it.each(Object.entries(LOOKALIKES))(`${place} rejects the ${field} with %s`, async (_title, name) => {
    // Settings are trimmed.
    const taken = (async () => (await take(field, name)) ?? `accepted ${name}`)();
    const result = await taken.catch((error: unknown) => String(error));
    expect(result).toMatch(/control, invisible|begins or ends|normal form|not a valid version|^prod$/);
  });

  it.each(field === 'version' ? ['1.0.0'] : GOOD)(`${place} accepts the ${field} %j`, async (name) => {
    await expect((async () => take(field, name))()).resolves.not.toThrow();
  });
});
