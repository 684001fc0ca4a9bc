import { describe, expect, it } from 'vitest';
import { scrub } from '../../../../src/lib/dnode/scrub.js';
import type { MethodResult } from '../../../../src/lib/kite/call/method-types.js';
import type { RemoteFunction } from '../../../../src/lib/kite/call/remote-function.js';
import type { Wire } from '../../../../src/lib/kite/call/wire-types.js';
import { connected } from '../../../helpers/kite/cores.js';

/** What is sent, and what the types say that arrives: a value that has this type. */
interface Row {
  readonly sent: unknown;
  readonly arrives: unknown;
  readonly withoutValues: unknown;
}

const REFUSED = Symbol('the value is refused');

/** The compiler checks that what is expected to arrive has the type that `Wire` says. */
function row<Sent>(
  sent: Sent,
  arrives: Wire<Sent>,
  withoutValues: [Wire<Sent, false>] extends [never] ? typeof REFUSED : Wire<Sent, false>,
): Row {
  return { sent, arrives, withoutValues };
}

class Account {
  readonly id = 4;
  readonly note: string | undefined = undefined;
}
class Secret {
  toJSON(): { hidden: boolean; at: Date } {
    return { hidden: true, at: new Date(5) };
  }
}

const rows: Readonly<Record<string, Row>> = {
  'a number': row(4, 4, 4),
  'a list that contains itself in its type': row([[1, [2]]], [[1, [2]]], [[1, [2]]]),
  'a date': row(new Date(5), new Date(5), '1970-01-01T00:00:00.005Z'),
  'a URL': row(new URL('http://a/'), new URL('http://a/'), 'http://a/'),
  'a BigInt': row(4n, 4n, REFUSED),
  'a map': row(new Map([['a', new Date(5)]]), new Map([['a', new Date(5)]]), REFUSED),
  'a set of bytes': row(new Set([Buffer.of(1)]), new Set([Uint8Array.of(1)]), REFUSED),
  'a regular expression': row(/a/g, /a/g, REFUSED),
  'an array buffer': row(Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2), REFUSED),
  'a buffer': row<Buffer>(Buffer.of(1), Uint8Array.of(1), { type: 'Buffer', data: [1] }),
  'an error': row(new RangeError('x'), new RangeError('x'), REFUSED),
  'undefined in a list': row(['a', undefined], ['a', undefined], ['a', null]),
  'undefined in a field': row<{ a: 1; b: number | undefined }>({ a: 1, b: undefined }, { a: 1 }, { a: 1 }),
  'a field with a symbol': row({ a: 1, [Symbol.iterator]: 2 }, { a: 1 }, { a: 1 }),
  'an instance of a class': row(new Account(), { id: 4 }, { id: 4 }),
  'an object with toJSON': row(
    new Secret(),
    { hidden: true, at: new Date(5) },
    { hidden: true, at: '1970-01-01T00:00:00.005Z' },
  ),
  'a list of dates': row([new Date(5)], [new Date(5)], ['1970-01-01T00:00:00.005Z']),
};

describe('the wire types', () => {
  it.each(Object.entries(rows))(
    'what arrives between two kites has its wire type: %s',
    async (_name, { sent, arrives }) => {
      const { server, client } = await connected();
      server.handle('get', () => ({ sent }));
      server.handle('put', ({ args: [received] }) => {
        expect(received).toStrictEqual({ arrives });
        return 'received';
      });
      expect(await client.tell('get')).toStrictEqual({ sent: arrives });
      expect(await client.tell('put', { arrives: sent })).toBe('received');
      server.handle('each', async function* () {
        yield { sent };
      });
      expect(await client.stream('each').next()).toStrictEqual({ done: false, value: { sent: arrives } });
      server.handle<[RemoteFunction<[unknown]>]>('call', async ({ args: [fn] }) => {
        expect(await fn({ sent })).toStrictEqual({ arrives });
        return 'answered';
      });
      const answer = (received: unknown): unknown => {
        expect(received).toStrictEqual({ sent: arrives });
        return { arrives: sent };
      };
      expect(await client.tell('call', answer)).toBe('answered');
    },
  );

  it.each(Object.entries(rows))(
    'what arrives at a peer without values has its wire type: %s',
    (_name, { sent, withoutValues }) => {
      const special = { name: 'result', support: { values: false, bytes: false } };
      const received = (): unknown => JSON.parse(scrub({ sent }, 20, JSON.stringify, special).json);
      if (withoutValues === REFUSED) expect(received).toThrow('cannot be sent to this peer');
      else expect(received()).toStrictEqual({ sent: withoutValues });
    },
  );

  it('a result, an answer of a callback and the end of a stream that are undefined arrive as null', async () => {
    interface Nothing {
      find(): string | undefined;
      ask(fn: RemoteFunction<[], number | undefined>): string;
      tail(): AsyncGenerator<number, string | undefined>;
    }
    const found: MethodResult<Nothing, 'find', unknown> = null;
    const { server, client } = await connected();
    server.handle('find', () => undefined);
    server.handle<[RemoteFunction]>('ask', async ({ args: [fn] }) => String(await fn()));
    // oxlint-disable-next-line require-yield -- a stream without items
    server.handle('tail', async function* () {
      return undefined;
    });
    expect(await client.tell('find')).toBe(found);
    expect(await client.tell('ask', () => undefined)).toBe('null');
    expect(await client.stream('tail').result).toBeNull();
  });

  it('every kind of value that the wire types know is sent in each direction', () => {
    const refused = Object.values(rows).filter(({ withoutValues }) => withoutValues === REFUSED).length;
    console.log(
      `wire types: ${Object.keys(rows).length} kinds of values, ${refused} of them refused without values`,
    );
    expect(Object.keys(rows).length).toBeGreaterThan(15);
  });
});
