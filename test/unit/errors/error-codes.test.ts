import { describe, expect, it } from 'vitest';
import {
  closeCodes,
  commandErrorTypes,
  configurationCodes,
  dialCodes,
  type ErrorEntry,
  errorTypes,
  kiteErrorCodes,
  proxyRefusals,
  storageCodes,
} from '../../../src/lib/errors/error-codes.js';
import { ExitCode } from '../../../src/lib/cli/runtime/exit-codes.js';
import { ProtocolViolation } from '../../../src/lib/dnode/dnode-message.js';
import { StorageError } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { codedError, ConfigurationError, hasCode, KiteError } from '../../../src/lib/protocol/errors.js';
import { DialError } from '../../../src/lib/transport/handshake/dial-error.js';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

const TABLE = 'src/lib/errors/error-codes.ts';

/** Places where a KiteError gets a code from elsewhere, and its source. */
const PASSED_ON: Readonly<Record<string, string>> = {
  'src/lib/protocol/errors.ts': 'codedError itself, ConfigurationError, and errors that a peer sent',
  'src/lib/kite/call/client.ts': 'the code of the DialError',
  'src/lib/kite/kontrol/http-registration.ts': 'the code that Kontrol sent over HTTP',
  'src/lib/kite/serve/handler-failures.ts': 'the code of the error whose cause is hidden',
  'src/lib/kite/serve/http-listener.ts': 'the code of the operating system',
  'src/lib/kite/service/service-call.ts': 'the code of the last attempt',
  'src/lib/kite/trust/auth-check.ts': "the code that a program's own check threw",
  'src/lib/kontrol/tokens/credentials.ts': 'the code of the error that is worded again',
  'src/lib/cli/serve/shell-command.ts': 'the exit code or signal of a command',
};

const files = sourceFiles()
  .filter(({ path }) => path !== TABLE)
  .map(({ path, text }) => ({ path, code: withoutComments(text) }));
const source = files.map(({ code }) => code).join('\n');

/** The arguments of each call of `name`, without deeper nested brackets. */
function callsOf(name: string, code: string): string[] {
  return [...code.matchAll(new RegExp(`\\b${name}\\(`, 'g'))].map(({ index, 0: { length } }) => {
    let depth = 1;
    let end = index + length;
    while (depth > 0 && end < code.length) {
      if (code[end] === '(') depth++;
      else if (code[end] === ')') depth--;
      end++;
    }
    return code.slice(index + length, end - 1);
  });
}

describe('the table of error codes', () => {
  it('the table of error codes has a meaning and an advice for each entry, in whole sentences', () => {
    const tables: readonly Readonly<Record<string, Omit<ErrorEntry, 'sender'>>>[] = [
      errorTypes,
      kiteErrorCodes,
      configurationCodes,
      dialCodes,
      storageCodes,
      proxyRefusals,
      closeCodes,
      commandErrorTypes,
    ];
    const entries = tables.flatMap((table) => Object.entries(table));
    console.log(`${entries.length} error types and codes are declared`);
    for (const [name, { meaning, action }] of entries) {
      expect(meaning, name).toMatch(/^[A-Z`].*[.]$/);
      expect(action, name).toMatch(/^[A-Z`].*[.]$/);
    }
  });

  it('the table of error codes has every code with which src creates a KiteError', () => {
    let count = 0;
    const own = files.flatMap(({ path, code }) => {
      const made = callsOf('new KiteError', code);
      count += made.length;
      return made.some((args) => /(?<!\$)\{[^}]*\bcode\b/.test(args)) ||
        /super\('configurationError'/.test(code)
        ? [path]
        : [];
    });
    console.log(`${count} places of ${files.length} files that create a KiteError checked`);
    expect(count).toBeGreaterThan(80);
    expect(own).toEqual(Object.keys(PASSED_ON).toSorted((a, b) => a.localeCompare(b, 'en')));
  });

  it('the table of error codes has the type of every KiteError that src creates', () => {
    const types = ['new KiteError', 'codedError'].flatMap((name) =>
      callsOf(name, source).flatMap((args) => /^\s*'(\w+)'/.exec(args)?.[1] ?? []),
    );
    console.log(`${types.length} places that name the type of a KiteError checked`);
    expect(types.length).toBeGreaterThan(80);
    expect(types.filter((type) => !(type in errorTypes))).toEqual([]);
  });

  it('the table of error codes has no code that src never creates', () => {
    const literals = [
      kiteErrorCodes,
      configurationCodes,
      dialCodes,
      storageCodes,
      proxyRefusals,
      commandErrorTypes,
      errorTypes,
    ].flatMap((table) => Object.keys(table));
    expect(literals.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
    expect(
      Object.keys(closeCodes).filter((code) => !new RegExp(`(?<![\\d._])${code}(?![\\d_])`).test(source)),
    ).toEqual([]);
  });

  it('the table of error codes has the close code of every connection that src closes', () => {
    const used = new Set(
      [
        ...source.matchAll(/\b(?:close|end|finish|refuse|ended|violation|ProtocolViolation)\((\d{4})\b/g),
        ...source.matchAll(/\bcode: (\d{4})\b/g),
        ...source.matchAll(/\b\w+_CODE = (\d{4})\b/g),
      ].map(([, code]) => Number(code)),
    );
    console.log(`${used.size} close codes are used in src`);
    expect(used.size).toBeGreaterThan(7);
    expect([...used].filter((code) => !(code in closeCodes))).toEqual([]);
  });

  it('the table of error codes has the exit codes of the errors of the command line', () => {
    let count = 0;
    for (const { path, code } of files) {
      for (const args of callsOf('new CliError', code)) {
        const exit = /exitCode: ExitCode\.(\w+)/.exec(args)?.[1];
        const type = /type: '(\w+)'/.exec(args)?.[1];
        if (exit === undefined || type === undefined || type in errorTypes) continue;
        expect(Object.keys(commandErrorTypes), path).toContain(type);
        const { exitCodes } = commandErrorTypes[type as keyof typeof commandErrorTypes];
        if (exitCodes !== 'all') expect(exitCodes, `${type} in ${path}`).toContain(exit);
        count++;
      }
    }
    console.log(`${count} errors of the command line have a declared exit code`);
    expect(count).toBeGreaterThan(10);
    for (const { exitCodes } of Object.values(commandErrorTypes)) {
      if (exitCodes !== 'all') for (const name of exitCodes) expect(Object.keys(ExitCode)).toContain(name);
    }
  });

  it('the types of error codes reject an undeclared code at compile time', () => {
    // @ts-expect-error -- not a code of a KiteError
    codedError('genericError', 'idTakn', 'no');
    // @ts-expect-error -- idTaken is a genericError
    codedError('timeout', 'idTaken', 'no');
    // @ts-expect-error -- not a code of a ConfigurationError
    expect(new ConfigurationError('badValeu', 'no').type).toBe('configurationError');
    // @ts-expect-error -- not a code of a DialError
    expect(new DialError('refusd', 'http://h/kite', 'no').name).toBe('DialError');
    // @ts-expect-error -- not a code of a StorageError
    expect(new StorageError('lockt', 'no').name).toBe('StorageError');
    // @ts-expect-error -- not a close code
    expect(new ProtocolViolation(1234, 'no').name).toBe('ProtocolViolation');
    // @ts-expect-error -- not a code that an error has
    expect(hasCode(codedError('genericError', 'idTaken', 'no'), 'idTakn')).toBe(false);
    expect(hasCode(codedError('genericError', 'idTaken', 'no'), 'idTaken')).toBe(true);
    // A program has custom types and codes.
    expect(new KiteError('tooBad', 'no', { code: 'E42' }).code).toBe('E42');
  });
});
