import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';

type Make = (error: Function) => unknown;

/** How an error of each class is created, and the function that recognizes it. */
const CLASSES: Readonly<Record<string, { readonly make: Make; readonly recognizer?: string }>> = {
  CliError: {
    make: construct('no', { exitCode: 5, type: 'notFound' }),
    recognizer: 'isCliError',
  },
  ConfigurationError: { make: construct('badValue', 'no'), recognizer: 'isConfigurationError' },
  DialError: { make: construct('refused', 'http://h/kite', 'no'), recognizer: 'isDialError' },
  JwtError: { make: construct('expired', 'no'), recognizer: 'isJwtError' },
  KiteError: { make: construct('timeout', 'no'), recognizer: 'isKiteError' },
  NoResponseError: { make: construct(5), recognizer: 'isNoResponseError' },
  ProtocolViolation: { make: construct(1008, 'no'), recognizer: 'isProtocolViolation' },
  QueryError: { make: construct('no', 'name'), recognizer: 'isQueryError' },
  ScrubError: { make: construct('no') },
  StorageError: { make: construct('locked', 'no'), recognizer: 'isStorageError' },
  VersionConstraintError: { make: construct('no'), recognizer: 'isVersionConstraintError' },
};

/** The exit code of an error that no command expects. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  CliError: 5,
  ConfigurationError: 3,
  DialError: 6,
  KiteError: 124,
  QueryError: 1,
  StorageError: 3,
};

interface Part {
  readonly name: string;
  readonly declared: readonly string[];
  readonly found: Readonly<Record<string, unknown>>;
}

const parts: Part[] = [];

function construct(...args: readonly unknown[]): Make {
  return (error) => Reflect.construct(error, args);
}

/** Loads a bundle as Node does, and returns functions and classes that it does not export. */
function load(name: string): Part {
  const file = join(root, 'dist', name);
  const source = readFileSync(file, 'latin1');
  const wanted = [
    ...Object.keys(CLASSES),
    ...Object.values(CLASSES).flatMap(({ recognizer }) => recognizer ?? []),
    'toCliError',
    'toWireError',
  ];
  // Dynamically imported modules are initialized at their first use.
  const initializers = [...source.matchAll(/(\w+)=__esm\(\{"src\/lib\/[^"]*"/g)].map(([, init]) => init);
  const probe = [
    ...initializers
      .filter((init) => /error|failures|jwt|query|version_constraint|scrub|message|storage/.test(init ?? ''))
      .map((init) => `${init}()`),
    ...wanted.map((id) => `module.probe.${id}=typeof ${id}==='undefined'?undefined:${id}`),
  ].join(';');
  const script = new Script(`(function(exports,require,module){${source}\n;${probe}})`, { filename: file });
  const module = { exports: {}, probe: {} as Record<string, unknown> };
  (script.runInThisContext() as Function).call(module.exports, module.exports, createRequire(file), module);
  const declared = Object.keys(CLASSES).filter((id) =>
    new RegExp(`(?<![\\w.])${id}=class\\b|class _?${id} extends`).test(source),
  );
  return { name, declared, found: module.probe };
}

beforeAll(() => {
  const names = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.cjs'));
  for (const name of names) parts.push(load(name));
});

/** Calls a function of each part with an error of each part, and returns each result with its count. */
function each(
  className: string,
  functionName: string,
  check: (result: unknown, where: string) => void,
): number {
  let count = 0;
  for (const from of parts) {
    const errorClass = from.found[className];
    if (typeof errorClass !== 'function') continue;
    for (const to of parts) {
      const recognize = to.found[functionName];
      if (typeof recognize !== 'function') continue;
      const error = CLASSES[className]?.make(errorClass);
      check(recognize(error), `${className} of ${from.name} in ${to.name}`);
      count++;
    }
  }
  return count;
}

describe('the bundles of the command line', () => {
  it('the bundles of the command line are all loaded, with every class of errors that they declare', () => {
    const declared = parts.map(({ name, declared: classes }) => `${name}: ${classes.join(', ') || 'none'}`);
    console.log(`${parts.length} bundled files\n  ${declared.join('\n  ')}`);
    for (const { name, declared: classes, found } of parts) {
      for (const id of classes) expect(typeof found[id], `${id} in ${name}`).toBe('function');
    }
    const everywhere = new Set(parts.flatMap(({ declared: classes }) => classes));
    expect([...everywhere].toSorted()).toEqual(Object.keys(CLASSES).toSorted());
    expect(parts.find(({ name }) => name === 'cli.cjs')?.found['toCliError']).toBeTypeOf('function');
  });

  it('a bundle recognizes the errors of the others', () => {
    let count = 0;
    for (const [id, { recognizer }] of Object.entries(CLASSES)) {
      if (recognizer === undefined) continue;
      count += each(id, recognizer, (recognized, where) => expect(recognized, where).toBe(true));
    }
    console.log(`${count} pairs of bundled files recognize the errors of each other`);
    expect(count).toBeGreaterThan(50);
  });

  it('a bundle maps the errors of the others to the same exit codes, and reports none as a bug', () => {
    let count = 0;
    for (const [id, exitCode] of Object.entries(EXIT_CODES)) {
      const checked = each(id, 'toCliError', (failure, where) =>
        expect(failure, where).toMatchObject({ exitCode }),
      );
      expect(checked, id).toBeGreaterThan(0);
      count += checked;
    }
    console.log(`${count} errors got their exit code in another bundled file`);
  });

  it('a bundle sends the errors of the others with the same type', () => {
    const types: Readonly<Record<string, string>> = {
      ConfigurationError: 'configurationError',
      DialError: 'genericError',
      KiteError: 'timeout',
      StorageError: 'genericError',
    };
    for (const [id, type] of Object.entries(types)) {
      const count = each(id, 'toWireError', (wire, where) => expect(wire, where).toMatchObject({ type }));
      expect(count, id).toBeGreaterThan(0);
    }
  });
});
