import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../helpers/source-files.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

// Tests that apply to each transport take the names from test/helpers/transport/transports.ts. A list in a test file would leave
// out a new transport.

const HELPER = 'test/helpers/transport/transports.ts';

/** Lists that are complete without a new transport, each with the reason. */
const ALLOWED: Readonly<Record<string, string>> = {
  'test/acceptance/compatibility/replay.test.ts': 'the transports of the recordings',
  'test/acceptance/proxy/tunnel-hostile.test.ts': 'callers whose disconnection the proxy notices at once',
  'test/acceptance/proxy/tunnel-proxy.test.ts': 'transports of which the test knows the requests',
};

const NAME = `['"](?:${ALL_TRANSPORTS.join('|')})['"]`;
/** Two names of transports, one after the other in an array or a union. */
const LIST = new RegExp(`${NAME}\\s*[,|]\\s*${NAME}`);

const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.ts') && path !== HELPER && !path.startsWith('test/unit/structure/'));
const lists = files.filter((path) => LIST.test(readFileSync(join(root, path), 'utf8')));

describe('the names of transports', () => {
  it('transport names are listed for tests in one file only', () => {
    const users = files.filter((path) => /\/transports\.js'/.test(readFileSync(join(root, path), 'utf8')));
    console.log(
      `${files.length} files of test walked: ${users.length} use the list of ${ALL_TRANSPORTS.length} transports`,
    );
    expect(lists.filter((path) => ALLOWED[path] === undefined)).toEqual([]);
    expect(users.length).toBeGreaterThan(8);
  });

  it('transport names have no unnecessary exception', () => {
    expect(Object.keys(ALLOWED).filter((path) => !lists.includes(path))).toEqual([]);
  });

  it('transport names are found in lists, and not where one of them is used', () => {
    expect(LIST.test("for (const transport of ['WebSocket', 'XHRPolling'] as const)")).toBe(true);
    expect(LIST.test("transport: 'WebSocket' | 'XHRPolling'")).toBe(true);
    expect(LIST.test("dial(url, { transport: 'XHRPolling' });\ndial(url, { transport: 'WebSocket' });")).toBe(
      false,
    );
  });
});
