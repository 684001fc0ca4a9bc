import { describe, expect, it } from 'vitest';
import { defaultLimits, NUMBER_LITERALS } from '../../../../src/lib/kite/limits/kite-limits.js';
import { messageJson, type Numbers } from '../../../../src/lib/kite/call/message-numbers.js';
import { type Logger, silentLogger } from '../../../../src/lib/util/logger.js';
import { NumberLiteral } from '../../../../src/lib/util/number-literal.js';
import { bob, makeCore, memoryDialer } from '../../../helpers/kite/cores.js';
import { HOSTILE_NUMBERS, INEXACT_NUMBERS, SPELLED_DIFFERENTLY } from '../../../helpers/hostile-numbers.js';

/** Connects two kites with these values of the option. */
async function connect(atServer: Numbers, atClient: Numbers, logger: Logger = silentLogger) {
  const server = makeCore({ json: messageJson(atServer) });
  const { dialer } = memoryDialer(server);
  const client = makeCore({ json: messageJson(atClient), dialer, logger }).newClient('memory:', {
    auth: bob,
  });
  await client.dial();
  return { server, client };
}

/** Makes a call with a number between two kites with these options, and resolves with what the handler received, and the result. */
async function echo(number: string, numbers: { server?: Numbers; client?: Numbers }) {
  const { server, client } = await connect(numbers.server ?? 'literal', numbers.client ?? 'literal');
  const received: unknown[] = [];
  server.handle('echo', ({ args }) => {
    received.push(args[0]);
    return args[0];
  });
  const call = async (): Promise<unknown> =>
    client.tell('echo', { rows: [{ id: new NumberLiteral(number) }] });
  return { received, call };
}

describe('the option numbers', () => {
  it.each(HOSTILE_NUMBERS)(
    'the number %s arrives at a kite with numbers "literal" as it was written, in both directions',
    async (number) => {
      const { received, call } = await echo(number, {});
      const expected = { rows: [{ id: new NumberLiteral(number) }] };
      // The second call follows a known prefix.
      for (let round = 0; round < 2; round++) expect(await call()).toEqual(expected);
      expect(received).toEqual([expected, expected]);
    },
  );

  it.each(INEXACT_NUMBERS)(
    'a kite with numbers "exact" refuses a call with %s, and names its path',
    async (number) => {
      const { received, call } = await echo(number, { server: 'exact' });
      for (let round = 0; round < 2; round++) {
        await expect(call()).rejects.toMatchObject({
          type: 'argumentError',
          code: 'inexactNumber',
          message: `The number ${number} at "0.rows.0.id" of the arguments cannot be represented exactly: send it as a string`,
        });
      }
      expect(received).toEqual([]);
    },
  );

  it.each(INEXACT_NUMBERS)(
    'a kite with numbers "exact" refuses a result with %s, and names its path',
    async (number) => {
      const { call } = await echo(number, { client: 'exact' });
      await expect(call()).rejects.toMatchObject({
        type: 'invalidResponse',
        code: 'inexactResult',
        message: `The number ${number} at "rows.0.id" of the result cannot be represented exactly: set the option "numbers" of the kite`,
      });
    },
  );

  it.each(SPELLED_DIFFERENTLY)(
    'a kite with numbers "exact" receives %s as the number of JavaScript',
    async (number) => {
      const { received, call } = await echo(number, { server: 'exact', client: 'exact' });
      await call();
      expect(received).toEqual([{ rows: [{ id: Number(number) }] }]);
    },
  );

  it.each(HOSTILE_NUMBERS)(
    'a kite with numbers "rounded" receives %s as the closest number of JavaScript',
    async (number) => {
      const { received, call } = await echo(number, { server: 'rounded' });
      await call();
      expect(received).toEqual([{ rows: [{ id: Number(number) }] }]);
    },
  );

  it('a kite with numbers "exact" drops and logs a call of its function with an inexact number', async () => {
    const errors: string[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (text: string) => void errors.push(text) };
    const { server, client } = await connect('literal', 'exact', logger);
    server.handle('count', async ({ args }) => {
      const [report] = args as [(...values: unknown[]) => void];
      report(1, { at: new NumberLiteral('9007199254740993') });
      report(2);
      return null;
    });
    const received: unknown[] = [];
    await client.tell('count', (...values: unknown[]) => void received.push(values));
    expect(received).toEqual([[2]]);
    expect(errors.join()).toContain('9007199254740993 at "arguments.1.at" of the message');
  });

  it('a message with an inexact number outside its arguments has a problem as well', () => {
    const { parse } = messageJson('exact');
    const problemOf = (json: string): string | undefined => parse(json, defaultLimits).problem?.message;
    expect(problemOf('{"method":"m","arguments":[{"kite":{"x":1e400},"withArgs":[4]}]}')).toContain(
      'The number 1e400 at "arguments.0.kite.x" of the message',
    );
    expect(problemOf('{"method":0,"arguments":[{"error":null,"result":1e400}]}')).toContain(
      'The number 1e400 that is the result',
    );
  });

  it('a message whose long numbers are exact or in strings has no problem', () => {
    const { parse } = messageJson('exact');
    const json =
      '{"method":"m","arguments":[{"withArgs":["9007199254740993",9007199254740992,0.30000000000000004]}]}';
    expect(parse(json, defaultLimits)).toEqual(messageJson('rounded').parse(json, defaultLimits));
  });

  it('another value of the option numbers is refused', () => {
    expect(() => messageJson('lossless' as Numbers)).toThrow(
      'The option numbers is "lossless"; it must be "exact", "rounded" or "literal"',
    );
  });
});

describe('a message with very many numbers', () => {
  const parse = (numbers: Numbers, item: string, count: number) => {
    const list = `${`${item},`.repeat(count)}0`;
    const text = `{"method":"echo","arguments":[{"withArgs":[[${list}]]}],"callbacks":{}}`;
    const { args, problem } = messageJson(numbers).parse(text, defaultLimits);
    const [{ withArgs }] = args as [{ withArgs: unknown[][] }];
    return { problem, items: withArgs[0] ?? [] };
  };
  const literalsIn = (items: readonly unknown[]) => items.filter((item) => typeof item === 'object').length;

  it('a message with too many unusual numbers is refused, before they fill the memory', () => {
    const { problem, items } = parse('literal', '1e999', NUMBER_LITERALS + 1);
    expect(problem?.message).toContain(`more than ${NUMBER_LITERALS} numbers`);
    expect(literalsIn(items)).toBeLessThanOrEqual(NUMBER_LITERALS);
    expect(parse('literal', '1e999', NUMBER_LITERALS - 1).problem).toBeUndefined();
  });

  it('a kite with numbers "exact" refuses a message for the first of many numbers, and converts none of them', () => {
    const { problem, items } = parse('exact', '1e999', NUMBER_LITERALS + 1);
    expect(problem?.message).toContain('The number 1e999 at "0.0" of the arguments');
    expect(literalsIn(items)).toBe(0);
  });

  it('numbers beyond the limit that are exact lose their notation, and the message is accepted', () => {
    const { problem, items } = parse('literal', '1.0', NUMBER_LITERALS + 5);
    expect([problem, literalsIn(items), items.at(-2)]).toEqual([undefined, NUMBER_LITERALS, 1]);
  });

  it.each(['exact', 'literal'] as const)('any number of ordinary numbers is accepted (%s)', (numbers) => {
    for (const item of ['0.30000000000000004', '0.10000000000000001', '12345678', '1e9', '1e100']) {
      const { problem } = parse(numbers, item, NUMBER_LITERALS + 1);
      expect(problem).toBeUndefined();
    }
  });
});
