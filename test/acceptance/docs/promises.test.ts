import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DocUnit, docUnits } from '../../helpers/docs/doc-units.js';
import { promiseRows } from '../../helpers/docs/promises.js';
import { root } from '../../helpers/source-files.js';
import { parseSources } from '../../language/parse-sources.js';
import { titlesOf } from '../../language/test-titles.js';

/** The sections that make promises about security, by document. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  'docs/security.md': [
    'Identities',
    'Threats',
    'Defaults, and how to loosen each',
    'Where kitectl sends the kite key',
    'Certificates and headers of servers',
    'How far a revocation reaches',
    'Secrets',
    'If a secret has leaked',
  ],
  'SECURITY.md': ['What to expect'],
  'docs/browser.md': [
    'A page and a kite',
    'Using Kontrol',
    'Calls between pages',
    'Which pages a kite accepts',
  ],
  'docs/proxies.md': [
    'What a reverse proxy forwards',
    'Kites behind one proxy share an origin',
    'A host name for each kite',
    'Which targets are allowed',
    'What a tunnel carries',
    'What a kite does for its proxy',
    'Trust',
  ],
  'docs/policy.md': ['Policies', 'Policy files'],
  'docs/middleware.md': [
    'What a call passes',
    'Middleware',
    'Identity',
    'Roles',
    'Rates',
    'Calls within the process',
  ],
  'docs/kontrol-page.md': ["Kontrol's web page", 'Signing in', 'How it is protected'],
};

/** Beginnings of what promises no protection in these sections: explanations, instructions, and what is not protected. */
const NOT_PROMISED: Readonly<Record<string, readonly string[]>> = {
  'docs/security.md': [
    'There is no protection against',
    'Servers, and gateways in front of them',
    'In a program, the options of a client',
    'no TLS on loopback',
    'calls with the kite key, if it accepts kite keys of that user never',
    'a Go kite calls with tokens',
    'calls with the kite key when the kite trusts another key pair',
    'a page that has reconnected to Kontrol since',
    'A connection that a program has dialed to a kite of a revoked user',
    'Kontrol, or a proxy, on another machine the kite key',
    'Tokens that a Kontrol of an earlier version',
    '`KONTROL_SECRET`, passwords of stores',
  ],
  'SECURITY.md': [
    '[docs/security.md](docs/security.md) describes',
    '**The wire is not encrypted**',
    '**Programs with access',
    '[What is outside]',
  ],
  'docs/middleware.md': [
    'the method exists',
    'the kite is not shutting down',
    'the call is well-formed',
    'the rate of the caller, then of the method',
    'middleware: of the kite',
    'the arguments match the schema',
    'handlers before the method',
    'Functions of `finalFunc` run inside of middleware',
    'Middleware runs around a call',
    '`kite.authenticate` adds a type',
    'A caller sends such credentials',
    'Credentials of the types `kiteKey` and `token`',
    'Decide in the handler',
  ],
  'docs/browser.md': [
    'In the page:',
    'In the kite:',
    '[examples/browser]',
    '`handle`, `methods`, `newClient`',
    '**Default methods**',
    'Numbers that JavaScript cannot represent',
    '**Options**',
    '**Transports**',
    '**Lost connections.**',
    '**A page reconnects at once**',
    'Except for `alert`',
    'Two pages that are registered',
    'If no data channel opens',
    'A page that is closed',
    'This `Kite` extends',
    'A browser sends the requests of every page',
    'Recent versions of Chromium',
  ],
  'docs/proxies.md': [
    'Choose a domain at which',
    'With a domain below `localhost`',
    'Programs use the option',
    '**The public URL** stays the same',
    'Go clients that use XHR',
    'If kites find their proxies',
    '`kitectl expose` has the flag',
    'A proxy can read what it forwards',
  ],
  'docs/policy.md': ['A kite key proves who', 'a file what its rules say', 'Save this as'],
  'docs/kontrol-page.md': [
    'A Kontrol that listens on loopback serves',
    'The variable `KONTROL_UI`',
    'The page is written without',
  ],
};

const read = (path: string): string => readFileSync(root + path, 'utf8');
const rows = promiseRows(read('docs/security.md'));
const units = Object.entries(SECTIONS).flatMap(([path, sections]) =>
  docUnits(path, read(path)).filter(({ section }) => sections.includes(section)),
);

/** Link text is compared without its destination, which may be relative to another folder. */
const plain = (text: string): string => text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
const quotes = (unit: DocUnit, words: string): boolean => plain(unit.text).includes(plain(words));

describe('the table of promises in docs/security.md', () => {
  it('the table of promises quotes words that are in the documents', () => {
    const missing = rows.filter(
      ({ path, words }) => words === '' || !units.some((unit) => unit.path === path && quotes(unit, words)),
    );
    expect(missing).toEqual([]);
  });

  it('the table of promises names tests that exist', () => {
    const paths = [...new Set(rows.map(({ file }) => file))];
    const sources = parseSources(Object.fromEntries(paths.map((path) => [path, read(path)])));
    const titles = new Map(
      [...sources].map(([path, file]) => [
        path,
        new Set(
          titlesOf(file)
            .filter(({ kind }) => kind === 'test')
            .flatMap(({ title, template }) => [title, template]),
        ),
      ]),
    );
    const missing = rows.filter(({ file, title }) => !titles.get(file)?.has(title));
    expect(missing).toEqual([]);
    console.log(`promises: ${rows.length} rows name ${new Set(rows.map(({ title }) => title)).size} tests`);
  });

  it('the table of promises has a row for each promise of the documents', () => {
    const isPromise = ({ path, text }: DocUnit): boolean =>
      !(NOT_PROMISED[path] ?? []).some((beginning) => text.startsWith(beginning));
    const untested = units.filter(
      (unit) => isPromise(unit) && !rows.some(({ path, words }) => path === unit.path && quotes(unit, words)),
    );
    expect(untested.map(({ path, section, text }) => `${path}#${section}: ${text}`)).toEqual([]);
    console.log(`promises: ${units.filter(isPromise).length} paragraphs, items and rows make promises`);
  });

  it('the list of what promises nothing has no entry that matches nothing', () => {
    const stale = Object.entries(NOT_PROMISED).flatMap(([path, beginnings]) =>
      beginnings.filter((one) => !units.some((unit) => unit.path === path && unit.text.startsWith(one))),
    );
    expect(stale).toEqual([]);
    const missing = Object.entries(SECTIONS).flatMap(([path, sections]) =>
      sections.filter((name) => !units.some((unit) => unit.path === path && unit.section === name)),
    );
    expect(missing).toEqual([]);
  });

  it('a promise without a row, and a row with a test that does not exist, are found', () => {
    const document = '## Threats\n\n- nobody can do it\n\n| who | what |\n| --- | --- |\n| a \\| b | c |\n';
    expect(docUnits('a.md', document).map(({ text }) => text)).toEqual(['nobody can do it', 'a \\| b c']);
    const [row] = promiseRows(
      '\n## Promises and their tests\n\n| [x.md](x.md) | a | `test/a.test.ts` | b \\| \\* |\n',
    );
    expect(row).toEqual({ path: 'docs/x.md', words: 'a', file: 'test/a.test.ts', title: 'b | *' });
  });
});
