import { type Kite, KiteError, type RemoteFunction } from '../../../src/lib/index.js';
import { SERVED_TRANSPORTS } from './old-caller.js';

/** A step: the messages of the caller, and how many messages the kite sends after them. */
type Step = readonly [texts: readonly string[], answers: number];

const KITE =
  '{"name":"old","username":"bob","id":"1","environment":"","region":"","version":"0.0.1","hostname":"h"}';

function call(method: string, withArgs: string, response: number, callbacks = '', auth = 'null'): string {
  return `{"method":"${method}","arguments":[{"kite":${KITE},"authentication":${auth},"withArgs":${withArgs},"responseCallback":"[Function]"}],"callbacks":{"${response}":[0,"responseCallback"]${callbacks}}}`;
}

const STEPS: readonly Step[] = [
  [[call('square', '[4]', 0)], 1],
  [[call('square', '[4]', 1)], 1],
  [[call('square', '["four"]', 2)], 1],
  [[call('nosuch', '[]', 3)], 1],
  [[call('kite.ping', '[]', 4)], 1],
  [[call('kite.describe', '[]', 5)], 1],
  [[call('kite.describe', '[]', 18, '', '{"type":"name","key":"bob"}')], 1],
  [[call('echo', '[{"text":"quotes \\" and \\\\ and \u2028","list":[null,1.5,[]]}]', 6)], 1],
  [[call('count', '[3,"[Function]"]', 7, ',"8":[0,"withArgs",1]')], 4],
  [[call('give', 'null', 9)], 1],
  // Calls the function in the result before, with a function of the caller.
  [['{"method":0,"arguments":[2,"[Function]"],"callbacks":{"10":[1]}}'], 1],
  [[call('square', '[5]', 11), call('square', '[6]', 12), call('nosuch', '[]', 13)], 3],
  [[call('reverse', '[]', 14)], 1],
  [['{"method":1,"arguments":[{"error":null,"result":"hi"}],"callbacks":{}}'], 1],
  [[call('unanswerable', '[]', 15)], 1],
  [['{"method":"square","arguments":[],"callbacks":{}}', call('plain', '[]', 16)], 1],
  [['{"method":"kite.cancel","arguments":[{"withArgs":[16]}],"callbacks":{}}', call('square', '[7]', 17)], 1],
];

/**
 * Sends a kite calls in every form that the protocol of 2014 has, as a peer that knows no extensions. Returns what the kite has sent,
 * frame by frame. The version of the library that `kite` comes from can be any.
 */
export async function recordServer(kite: Kite, transport: keyof typeof SERVED_TRANSPORTS): Promise<string[]> {
  addMethods(kite);
  await kite.listen();
  const url = kite.url ?? '';
  const caller = await SERVED_TRANSPORTS[transport]({ url, accept: (channel) => void kite.accept(channel) });
  try {
    let expected = 0;
    for (const [texts, answers] of STEPS) {
      expected += answers;
      await caller.send(texts);
      await caller.messages(expected);
    }
    return [...caller.frames];
  } finally {
    caller.close();
    await kite.close();
  }
}

function addMethods(kite: Kite): void {
  kite.authenticate('name', (key) => key);
  const methods = [
    kite.handle<[unknown]>('square', ({ args: [number] }) => {
      if (typeof number === 'number') return number * number;
      throw new KiteError('argumentError', 'square takes a number', { code: 'E1' });
    }),
    kite.handle('echo', ({ args: [value] }) => Promise.resolve(value)),
    kite.handle<[number, RemoteFunction]>('count', ({ args: [to, each] }) => {
      for (let number = 0; number < to; number++) each(number);
      return to;
    }),
    kite.handle('give', () => ({ add: (number: number, each: RemoteFunction) => each(number + 1) })),
    kite.handle('reverse', ({ client }) => client.tell('hello', 'kite')),
    kite.handle('unanswerable', () => 1n),
    kite.handle('plain', () => Promise.reject(new Error('plain failure'))),
  ];
  for (const method of methods) method.disableAuthentication();
}
