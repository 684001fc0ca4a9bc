import { expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// A program can throw anything, also an error whose properties throw when they are read. Only src/lib/util/message-of.ts and
// src/lib/protocol/errors.ts read what was thrown; other code asks them for its text.

const HOMES = ['src/lib/util/message-of.ts', 'src/lib/protocol/errors.ts'];

/** Values that are unknown, but were not thrown. */
const NOT_THROWN: Readonly<Record<string, string>> = {
  'src/lib/dnode/unscrub.ts': 'a component of a path',
  'src/lib/dnode/encode-values.ts': 'a value of the program',
  'src/lib/util/plain-value.ts': 'a number or a BigInt',
  'src/lib/cli/kontrol/kontrol-status.ts': 'a status',
  'src/lib/cli/proxy/proxy-status.ts': 'a status',
  'src/lib/cli/top/full-screen.ts': 'a key of the terminal',
  'src/lib/kite/config/resolve-setting.ts': 'the value of a setting',
  'src/lib/protocol/trace-context.ts': 'a field of a trace',
  'src/lib/kontrol/storage/file/file-storage.ts': 'lmdb also throws plain objects',
};

/** Names of values that may have been thrown. */
const THROWN = /catch \((\w+)\)|\b(\w+): unknown\b/g;

/** Expressions that put the text of a thrown value together, instead of calling one of the functions. */
function ownWording(code: string): string[] {
  const names = new Set([...code.matchAll(THROWN)].map(([, caught, unknown]) => caught ?? unknown ?? ''));
  return [...names].flatMap((name) =>
    [
      ...code.matchAll(
        new RegExp(
          String.raw`\bString\(${name}\)|\(${name} as \w+\)\??\.(?:message|stack|name)\b|\b${name} instanceof Error \?|\$\{${name}\}`,
          'g',
        ),
      ),
    ].map(([text]) => text),
  );
}

const FUNCTIONS = /\b(?:messageOf|stackOf|errorText|toError|toWireError|reasonWithHint)\(/g;

it('the text of every caught error comes from a function that cannot throw', () => {
  let places = 0;
  const found: Record<string, string[]> = {};
  for (const { path, text } of sourceFiles()) {
    const code = withoutComments(text);
    places += [...code.matchAll(FUNCTIONS)].length;
    const own = ownWording(code);
    if (own.length > 0 && !HOMES.includes(path)) found[path] = own;
  }
  console.log(`${places} places word a caught error`);
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(NOT_THROWN).toSorted());
});

it.each([
  ['try { f(); } catch (error) { log(String(error)); }', true],
  ['try { f(); } catch (cause) { log(`failed: ${cause}`); }', true],
  ['p.catch((error: unknown) => log((error as Error).message));', true],
  ['p.catch((error: unknown) => log(error instanceof Error ? error.message : error));', true],
  ['try { f(); } catch (error) { log(errorText(error)); }', false],
  ['try { f(); } catch (error) { log(`failed: ${messageOf(error)}`); }', false],
])('the code %j words an error itself: %s', (code, own) => {
  expect(ownWording(code).length > 0).toBe(own);
});
