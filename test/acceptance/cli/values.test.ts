import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Handler, isNumberLiteral, Kite, NumberLiteral } from '../../../src/lib/index.js';
import { stringifyLiterals } from '../../../src/lib/util/literal-json.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli, type Running, type RunOptions } from '../../helpers/cli/cli-harness.js';
import { becomeUser } from '../../helpers/cli/cli-user.js';
import { HOSTILE_NUMBERS as NUMBERS, INEXACT_NUMBERS } from '../../helpers/hostile-numbers.js';

let cli: Cli;
let kite: Kite;
/** The arguments of each call of `bench`, as they were written. */
const benched = new Set<string>();
const served: Running[] = [];

beforeAll(async () => {
  cli = await Cli.create();
  await becomeUser(cli, 'bob');
  kite = new Kite('math', '1.0.0', {
    ip: '127.0.0.1',
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    numbers: 'literal',
  });
  const literals = NUMBERS.map((number) => new NumberLiteral(number));
  const jsonSchema = { enum: literals };
  const methods: Readonly<Record<string, Handler>> = {
    arrived: ({ args }) => stringifyLiterals(args),
    echo: ({ args }) => args,
    echoOne: ({ args }) => args[0],
    numbers: () => literals,
    rows: () => literals.map((number, index) => ({ name: `n${index}`, number })),
    log: async ({ client }) => {
      await client.tell('kite.log', ...literals);
      await client.tell('kite.print', { literals });
      return null;
    },
    report: ({ args }) => {
      const report = args.at(-1) as (...values: unknown[]) => void;
      for (const number of literals) report(number);
      return literals[0];
    },
    bench: ({ args }) => {
      benched.add(stringifyLiterals(args) ?? '');
      return literals;
    },
    getKites: () => ({
      kites: literals.map((version) => ({ kite: { name: 'math', version }, url: 'http://a/kite' })),
    }),
  };
  for (const [name, handler] of Object.entries(methods))
    kite.handle(name, { jsonSchema }, handler).disableAuthentication();
  kite.handle('kite.describe', () => kite.describe()).disableAuthentication();
  await kite.listen();
});

afterEach(async () => {
  for (const { child, outcome } of served.splice(0)) {
    child.kill('SIGKILL');
    await outcome;
  }
});

afterAll(async () => {
  await kite.close();
  await cli.remove();
});

/** Runs a command that has to succeed, and resolves with its output. */
async function output(line: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await cli.run([...line, '--to', kite.url ?? ''], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** Runs a command whose method returns its arguments as a string, and resolves with this string. */
async function arrived(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const end = args.indexOf('--');
  const [flags, words] = end === -1 ? [args, []] : [args.slice(0, end), args.slice(end)];
  const to = ['--raw', '--to', kite.url ?? ''];
  const { stdout, stderr } = await cli.run(['call', 'arrived', ...to, ...flags, ...words], options);
  expect(stderr).toBe('');
  return stdout.replace(/\n$/, '');
}

const list = NUMBERS.join(',');
const array = `[${list}]`;
const object = `{"a":{"b":${array}}}`;

/** Places where values enter: what arrives at the kite, and what should. */
const entrances: Readonly<Record<string, () => Promise<readonly [got: string, wanted: string]>>> = {
  'words of call': async () => [await arrived(['--', ...NUMBERS]), array],
  'an array of call': async () => [await arrived([array]), `[${array}]`],
  'an object of call': async () => [await arrived([object]), `[${object}]`],
  'a string of call': async () => [
    await arrived(NUMBERS.map((number) => `"${number}"`)),
    `[${NUMBERS.map((number) => `"${number}"`).join(',')}]`,
  ],
  'call --string': async () => [
    await arrived(['--string', '--', ...NUMBERS]),
    `[${NUMBERS.map((number) => `"${number}"`).join(',')}]`,
  ],
  'call --field': async () => [
    await arrived(NUMBERS.flatMap((number, index) => ['-F', `n${index}=${number}`])),
    `[{${NUMBERS.map((number, index) => `"n${index}":${number}`).join(',')}}]`,
  ],
  'call --raw-field': async () => [
    await arrived(NUMBERS.flatMap((number) => ['-f', `n[]=${number}`])),
    `[{"n":[${NUMBERS.map((number) => `"${number}"`).join(',')}]}]`,
  ],
  'standard input': async () => [await arrived(['-'], { input: `${object}\n` }), `[${object}]`],
  'a file': async () => [await arrived(['@numbers.json']), `[${object}]`],
  'a file of JSON': async () => [await arrived(['@json:numbers.json']), `[${object}]`],
  'a file of text': async () => [await arrived(['@text:numbers.json']), JSON.stringify([`${object}\n`])],
  'call --stdin': async () => [
    await output(['call', 'arrived', '--stdin', '--raw'], {
      input: NUMBERS.map((number) => `[1,${number}]\n`).join(''),
    }),
    NUMBERS.map((number) => `[1,${number}]\n`).join(''),
  ],
  'the words of tell': async () => [
    await output(['tell', '-method=arrived', '--raw', array]),
    `[${array}]\n`,
  ],
  'call --callback': async () => [
    (await output(['call', 'echo', '--callback', array])).trim(),
    `[${array},"[Function]"]`,
  ],
  'the words of bench': async () => {
    await output(['bench', 'bench', '--duration', '20ms', '--json', array]);
    return [[...benched].join('\n'), `[${array}]`];
  },
  'the shell': async () => [
    await output(['shell'], { input: `echo ${NUMBERS.join(' ')}\necho ${object}\n` }),
    `${array}\n[${object}]\n`,
  ],
};

/** Returns the numbers in the cells of a table. */
function cells(table: string): string {
  return Array.from(table.matchAll(/(?<=\s)-?\d\S*/g), ([number]) => number).join();
}

/** Places where values leave: what is printed, and what should be. */
const exits: Readonly<Record<string, () => Promise<readonly [got: string, wanted: string]>>> = {
  'the output of call': async () => [await output(['call', 'numbers']), `${array}\n`],
  'call -o json': async () => [await output(['call', 'numbers', '-o', 'json']), `${array}\n`],
  'call -o ndjson': async () => [
    await output(['call', 'numbers', '-o', 'ndjson']),
    `${NUMBERS.join('\n')}\n`,
  ],
  'call -o yaml': async () => [
    await output(['call', 'numbers', '-o', 'yaml']),
    NUMBERS.map((number) => `- ${number}\n`).join(''),
  ],
  'call -o name': async () => [await output(['call', 'numbers', '-o', 'name']), `${NUMBERS.join('\n')}\n`],
  'call --raw': async () => [await output(['call', 'numbers', '--raw']), `${array}\n`],
  'call -o table': async () => [cells(await output(['call', 'numbers', '-o', 'table'])), list],
  'call -o wide of rows': async () => [cells(await output(['call', 'rows', '-o', 'wide'])), list],
  'call -o table of a number': async () => [
    await output(['call', 'echoOne', '-o', 'table', '1.50']),
    '1.50\n',
  ],
  'call --stdin --envelope': async () => [
    await output(['call', 'echoOne', '--stdin', '--envelope'], { input: `${NUMBERS.join('\n')}\n` }),
    NUMBERS.map((number) => `{"ok":${number}}\n`).join(''),
  ],
  'the calls of a function': async () => [
    await output(['call', 'report', '--callback']),
    `${NUMBERS.map((number) => `[${number}]\n`).join('')}${NUMBERS[0]}\n`,
  ],
  'kite.log and kite.print': async () => {
    const { stderr } = await cli.run(['call', 'log', '--to', kite.url ?? '']);
    return [stderr, `${NUMBERS.join(' ')}\n{"literals":${array}}\n`];
  },
  'describe -o json': async () => [
    /"enum":(\[[^\]]*\])/.exec(await output(['describe', '-o', 'json']))?.[1] ?? '',
    array,
  ],
  'describe -o wide': async () => [
    /"enum":(\[[^\]]*\])/.exec(await output(['describe', '-o', 'wide']))?.[1] ?? '',
    array,
  ],
  'the shell -o yaml': async () => [
    await output(['shell', '-o', 'yaml'], { input: 'numbers\n' }),
    NUMBERS.map((number) => `- ${number}\n`).join(''),
  ],
};

/** Starts a kite, and resolves with its URL once it listens. */
async function serve(...args: readonly (string | readonly string[])[]): Promise<string> {
  const running = cli.start(['serve', '--json', '--port', '0', '--no-auth', ...args.flat()]);
  served.push(running);
  await running.until(({ stdout }) => stdout.endsWith('\n'));
  return (JSON.parse(running.stdout) as { url: string }).url;
}

describe('the values of the command line', () => {
  it('the values of the command line are the same wherever they enter', async () => {
    await writeFile(join(cli.home, 'numbers.json'), `${object}\n`);
    let cases = 0;
    for (const [place, run] of Object.entries(entrances)) {
      const [got, wanted] = await run();
      expect([place, got]).toEqual([place, wanted]);
      cases += NUMBERS.length;
    }
    console.log(
      `values: ${cases} cases, ${NUMBERS.length} numbers in ${Object.keys(entrances).length} places of input`,
    );
  });

  it('the values of the command line are the same wherever they leave', async () => {
    let cases = 0;
    for (const [place, run] of Object.entries(exits)) {
      const [got, wanted] = await run();
      expect([place, got]).toEqual([place, wanted]);
      cases += NUMBERS.length;
    }
    console.log(
      `values: ${cases} cases, ${NUMBERS.length} numbers in ${Object.keys(exits).length} places of output`,
    );
  });

  it('the values of the command line are the same in commands of serve', async () => {
    const lines = NUMBERS.join('\\n');
    const url = await serve(
      ['--name', 'numbers', '--method', 'cat', '--exec', 'cat'],
      NUMBERS.flatMap((number, index) => ['--method', `n${index}`, '--exec', `echo ${number}`]),
      ['--method', 'lines', '--exec', `printf '${lines}\\n'`],
    );
    const { stdout } = await cli.run(['shell', '--to', url], {
      input: `cat ${NUMBERS.join(' ')}\n${NUMBERS.map((_number, index) => `n${index}\n`).join('')}lines\n`,
    });
    expect(stdout.split('\n')).toEqual([array, ...NUMBERS, JSON.stringify(NUMBERS.join('\n')), '']);
    console.log(
      `values: ${2 * NUMBERS.length} cases, ${NUMBERS.length} numbers as input and output of commands`,
    );
  });

  it('serve --result defines what the output of a command becomes', async () => {
    const results = ['auto', 'json', 'text', 'lines', 'bytes'];
    const url = await serve(
      ['--name', 'results'],
      results.flatMap((type) => ['--method', type, '--exec', 'printf "12e4567\\n\\n"', '--result', type]),
      ['--method', 'bad', '--exec', 'echo {a:1}', '--result', 'json'],
    );
    const outputs = await Promise.all(
      results.map(async (type) => (await cli.run(['call', type, '--to', url])).stdout.trim()),
    );
    expect(outputs).toEqual([
      '12e4567',
      '12e4567',
      String.raw`"12e4567\n"`,
      '"12e4567"\n""',
      '"MTJlNDU2NwoK"',
    ]);
    const bad = await cli.run(['call', 'bad', '--to', url]);
    expect(bad).toMatchObject({ code: 1, stdout: '' });
    expect(bad.stderr).toContain(
      'bad: the output of the command is not valid JSON: expected a property name in double quotes or "}" at character 2, but found "a"',
    );
  });

  it('query and a module of serve refuse numbers that they cannot represent, with their path', async () => {
    const { code, stderr } = await cli.run(['query', '/bob', '--kontrol', kite.url ?? '']);
    expect({ code, stderr }).toMatchObject({
      stderr: expect.stringContaining(
        `The number ${INEXACT_NUMBERS[0]} at "kites.0.kite.version" of the result cannot be represented exactly`,
      ) as string,
    });
    expect(code).not.toBe(0);
    await writeFile(join(cli.home, 'twice.mjs'), 'export const twice = (n) => 2 * n;\n');
    const url = await serve('twice.mjs');
    expect((await cli.run(['call', 'twice', '1.50', '--to', url])).stdout).toBe('3\n');
    for (const number of INEXACT_NUMBERS.slice(0, 4)) {
      const refused = await cli.run(['call', 'twice', '--to', url, '--', number]);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(
        `The number ${number} at "0" of the arguments cannot be represented exactly`,
      );
    }
  });

  it.each([
    ['{a:1}', 'expected a property name in double quotes or "}" at character 2, but found "a"'],
    ['[x', 'expected a value at character 2, but found "x"'],
    ['{"a":1', 'expected "," or "}" at character 7, but found the end'],
    ['"text', 'expected a closing double quote at character 6, but found the end'],
  ])('a word %s that is not valid JSON is an error wherever it is an argument', async (word, reason) => {
    const to = ['--to', kite.url ?? ''];
    const lines = [
      ['call', 'echo', word],
      ['tell', '--method', 'echo', word],
      ['bench', 'echo', '--duration', '1ms', word],
    ];
    for (const line of lines) {
      const { code, stdout, stderr } = await cli.run([...line, ...to]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`The argument ${word} is not valid JSON: ${reason}.`);
      expect(stderr).toContain(`Windows PowerShell`);
    }
    const field = await cli.run(['call', 'echo', '-F', `a=${word}`, ...to]);
    expect(field).toMatchObject({ code: 2, stdout: '' });
    expect(field.stderr).toContain(`The value of the field a is not valid JSON: ${reason}.`);
    expect(field.stderr).toContain('Windows PowerShell');
    const file = await cli.run(['call', 'echo', '-', ...to], { input: word });
    expect(file).toMatchObject({ code: 2, stdout: '' });
    expect(file.stderr).toContain(`Standard input is not valid JSON: ${reason}.`);
    const lineOfInput = await cli.run(['call', 'echo', '--stdin', ...to], { input: word });
    expect(lineOfInput.stderr).toContain(`Line 1 of standard input is not valid JSON: ${reason}.`);
    expect((await cli.run(['call', 'echo', '--string', word, ...to])).stdout).toBe(
      `${JSON.stringify([word])}\n`,
    );
  });
});

it('the values of the test are numbers that JavaScript would write differently', () => {
  expect(NUMBERS.every((number) => JSON.stringify(Number(number)) !== number)).toBe(true);
  expect(isNumberLiteral(new NumberLiteral('1.0'))).toBe(true);
});
