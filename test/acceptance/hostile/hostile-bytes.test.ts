import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { BytesMessage } from '../../../src/lib/transport/channel/outgoing-message.js';
import { binaryMessage } from '../../helpers/transport/binary-message.js';
import { openFrames } from '../../helpers/transport/web-socket-frames.js';

const { invalid } = JSON.parse(
  readFileSync(new URL('../../vectors/forms/binary.json', import.meta.url), 'utf8'),
) as { readonly invalid: readonly { readonly name: string; readonly hex: string; readonly code: number }[] };

async function startKite(limits: { readonly messageBytes?: number } = {}) {
  const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger, limits });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  const handled: unknown[][] = [];
  kite
    .handle('note', ({ args }) => {
      handled.push(args);
      return null;
    })
    .disableAuthentication();
  await kite.listen();
  const connect = async () => {
    const session = `${handled.length}${Math.random()}`.replaceAll('.', '').padEnd(10, '0');
    return openFrames(`${kite.url}/000/${session}/websocket?extensions=lines,binary`);
  };
  return { handled, connect };
}

type Pieces = readonly (string | Uint8Array)[];

/** A call of `note` whose arguments are these pieces of JSON. `tail` is what follows them. */
function call(
  args: Pieces,
  tail = '],"responseCallback":"[Function]"}],"callbacks":{"0":[0,"responseCallback"]},"values":true}',
) {
  return binaryMessage(
    new BytesMessage([
      '{"method":"note","arguments":[{"kite":{},"authentication":null,"withArgs":[',
      ...args,
      tail,
    ]),
  );
}

const VALUE = Uint8Array.of(1, 2, 3);
const bytes = (value = VALUE): Pieces => ['{"$":"bytes","v":', value, '}'];

describe('a kite that gets invalid binary messages', () => {
  it('each invalid binary message ends its connection with its code, and reaches no handler', async () => {
    const { handled, connect } = await startKite();
    for (const { name, hex, code } of invalid) {
      const { ws, frames } = await connect();
      ws.send(Buffer.from(hex, 'hex'));
      expect((await frames.closed())?.code, name).toBe(code);
    }
    expect(handled).toEqual([]);
    console.log(`${invalid.length} invalid binary messages end their connections`);
  });

  it('a call that is cut at any byte ends its connection, and reaches no handler', async () => {
    const { handled, connect } = await startKite();
    const whole = call(bytes());
    await Promise.all(
      Array.from({ length: whole.length }, async (_, length) => {
        const { ws, frames } = await connect();
        ws.send(whole.subarray(0, length));
        expect((await frames.closed())?.code, `${length} bytes`).toBe(1002);
      }),
    );
    expect(handled).toEqual([]);
    console.log(`${whole.length} cuts of a call with bytes`);
  });

  it('a connection that ends at any byte of a call leaves nothing behind', async () => {
    const { handled, connect } = await startKite();
    const whole = call(bytes());
    await Promise.all(
      Array.from({ length: whole.length }, async (_, length) => {
        const { ws } = await connect();
        ws.send(whole.subarray(0, length), { fin: false }, () => ws.terminate());
      }),
    );
    const { ws, frames } = await connect();
    ws.send(whole);
    await frames.count(2);
    expect(handled).toEqual([[VALUE]]);
    ws.terminate();
  });
});

/** Sends a message, and returns the answer, or the code with which the connection has ended. */
async function outcome(
  connect: Awaited<ReturnType<typeof startKite>>['connect'],
  message: Uint8Array | string,
): Promise<unknown> {
  const { ws, frames } = await connect();
  ws.send(message);
  await frames.until(() => frames.messages.length > 1 || frames.closes.length > 0);
  const [, answer] = frames.messages;
  if (answer === undefined || answer.startsWith('c')) return (await frames.closed())?.code;
  ws.terminate();
  const { arguments: args } = JSON.parse(answer) as { arguments: [{ error: { code: string } | null }] };
  return args[0].error?.code ?? 'answered';
}

describe('a kite that gets binary messages whose values do not fit their JSON', () => {
  const TAIL = '"callbacks":{"0":[0,"responseCallback"]}';
  const many = (count: number): Pieces => [
    '{"$":"bytes","v":',
    ...Array.from({ length: count - 1 }, () => [new Uint8Array(0), '},{"$":"bytes","v":']).flat(),
    new Uint8Array(0),
    '}',
  ];
  const million = ['{"$":"bytes","v":"AA=="}']
    .concat(Array(999_999).fill(',{"$":"bytes","v":"AA=="}'))
    .join('');
  const mark = '{"$":"bytes","v":"#0"}';

  it.each<[string, Uint8Array | string, unknown]>([
    ['a value', call(bytes()), 'answered'],
    ['a value outside of the arguments', call(['1],"more":[', ...bytes()]), 'answered'],
    ['a value that another field replaces', call(['{"a":', ...bytes(), ',"a":1}']), 'answered'],
    ['a text that looks like the mark of a value', call([`${mark},`, ...bytes()]), 'malformedValue'],
    ['a mark of a value that is not there', call(['{"$":"bytes","v":"#1"},', ...bytes()]), 'malformedValue'],
    ['a mark without a value', text([mark]), 'malformedValue'],
    [
      'values of a message without tags',
      call(bytes(), `],"responseCallback":"[Function]"}],${TAIL}}`),
      'answered',
    ],
    ['a value in broken JSON', call(['{', ...bytes(), '}']), 1002],
    ['values below 100,000 arrays', call(['['.repeat(100_000), ...bytes(), ']'.repeat(100_000)]), 1008],
    ['65,536 values', call(many(65_536)), 'answered'],
    ['65,536 values and a date', call([...many(65_536), ',{"$":"date","v":1}']), 'malformedValue'],
    ['a million values in base64', text([million]), 'malformedValue'],
    ['a million values in base64 and one beside them', call([`${million},`, ...bytes()]), 'malformedValue'],
  ])(
    'a call with %s is answered, rejected, or ends its connection, and nothing else',
    async (_what, message, expected) => {
      const { connect, handled } = await startKite({ messageBytes: 64 * 1024 * 1024 });
      expect(await outcome(connect, message)).toBe(expected);
      expect(handled.length).toBe(expected === 'answered' ? 1 : 0);
      expect(await outcome(connect, call(bytes()))).toBe('answered');
      expect(handled.at(-1)).toEqual([VALUE]);
    },
  );

  it('a million values beside the JSON end the connection', async () => {
    const { connect } = await startKite({ messageBytes: 64 * 1024 * 1024 });
    const whole = Buffer.from(call(bytes()));
    const begin = 4 + whole.readUInt32BE(0);
    // A length of 0 for each value, and one of 19 for the text after it.
    const value = Buffer.from('\0\0\0\0\0\0\0\x13},{"$":"bytes","v":', 'latin1');
    const values = Buffer.alloc(1_000_000 * value.length, value);
    const message = Buffer.concat([whole.subarray(0, begin), values, whole.subarray(begin)]);
    expect(await outcome(connect, message)).toBe(1008);
  });
});

/** The same call as a text message, in which bytes are base64. */
function text(args: readonly string[]): string {
  const tail = '],"responseCallback":"[Function]"}],"callbacks":{"0":[0,"responseCallback"]},"values":true}';
  return `{"method":"note","arguments":[{"kite":{},"authentication":null,"withArgs":[${args.join()}${tail}`;
}
