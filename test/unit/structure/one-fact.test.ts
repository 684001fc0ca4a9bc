import { describe, expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// Several implementations of one check diverge. Each fact here is decided in one module; a pattern finds other code that
// decides it.

interface Fact {
  readonly question: string;
  /** The modules that decide it. */
  readonly homes: readonly string[];
  /** Whether code looks like a decision of it. */
  readonly decides: (code: string) => boolean;
  /** Code that looks like a decision and is not, with the reason. */
  readonly exceptions: Readonly<Record<string, string>>;
  /** Code that decided it once, or might: each must be found. */
  readonly planted: readonly string[];
  /** Code that only mentions it. */
  readonly harmless: readonly string[];
}

const LOOPBACK = String.raw`(?:\.?localhost|127\.[\d.]*|\[?::1\]?|\[?::ffff:(?:127\.|7f)[\w:.]*)`;
const QUOTED = `['"\`]${LOOPBACK}['"\`]`;

const LOOPBACK_DECISIONS: readonly RegExp[] = [
  // A comparison, or a case.
  new RegExp(`[=!]==?\\s*${QUOTED}|${QUOTED}\\s*[=!]==?|\\bcase\\s+${QUOTED}`),
  // Part of a name or an address, or one of a set.
  new RegExp(
    `\\.(?:startsWith|endsWith|includes|indexOf|match|matchAll|test|has|get|check|addSubnet|addAddress)\\(\\s*${QUOTED}`,
  ),
  // A list of names and addresses.
  new RegExp(`\\[\\s*(?:['"\`][^'"\`]*['"\`]\\s*,\\s*)*${QUOTED}`),
  // A regular expression, but not the part of a URL between its slashes.
  /(?<![\w)\]/:])\/(?![/*])(?:[^/\\\n]|\\.)*(?:localhost|\b127[\\(.[]|::1\b|::ffff:7f)(?:[^/\\\n]|\\.)*\//,
  /\bRegExp\((?:[^()]|\([^()]*\))*(?:localhost|127|::1)/,
  // A network.
  /127\.0\.0\.0\/8/,
];

const BASE64 = /\bBuffer\.from\([^;]*?,\s*['"`]base64(?:url)?['"`]\)|\bdecodeBase64Url\(|fromBase64\(/s;

const FACTS: readonly Fact[] = [
  {
    question: 'the loopback check of a host or address',
    homes: ['src/lib/util/loopback.ts'],
    decides: (code) => LOOPBACK_DECISIONS.some((pattern) => pattern.test(code)),
    exceptions: {
      'src/commands/keygen.ts': 'the host of a certificate where none is named',
    },
    planted: [
      'return /^(?:(?:[\\w-]+\\.)*localhost|127(?:\\.\\d{1,3}){3}|::1|\\[::1\\])$/i.test(host);',
      "host === 'localhost' || host.endsWith('.localhost') || host === '[::1]'",
      'const LOOPBACK = /^(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\])(?::\\d+)?$/;',
      "hostname === '[::1]' || /^127\\.\\d+\\.\\d+\\.\\d+$/.test(hostname)",
      "const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];",
      "if (named && host === 'localhost') return true;",
      "return host === 'localhost' || host === '[::1]' || /^127(\\.\\d+){3}$/.test(host);",
      "return host.startsWith('/') || /^127(\\.\\d+){3}$/.test(host);",
      "address.startsWith('127.')",
      "new Set(['localhost', '127.0.0.1']).has(host)",
      "new Set(\n  ['10.0.0.1', '::1'])",
      "switch (host) { case 'localhost': return true; }",
      "'::1' === address",
      "list.addSubnet('127.0.0.0', 8)",
      'new RegExp(`^127${REST}$`)',
      "address === '::ffff:127.0.0.1'",
    ],
    harmless: [
      "ip: pick('ip') ?? '127.0.0.1',",
      "if (ip === '0.0.0.0') return '127.0.0.1';",
      "const EXAMPLE = 'http://localhost:3636/kite';",
      "throw usageError('Give it like this: http://127.0.0.1:4000/kite, or http://localhost/kite')",
      "['ip', () => ({ variable: 'KITE_IP', otherwise: '127.0.0.1' })],",
      'const NAME = /^[\\w-][\\w.-]{0,127}$/;',
      'isLoopbackHost(host)',
    ],
  },
  {
    question: 'the claims of a JWT',
    homes: ['src/lib/keys/jwt-claims.ts'],
    decides: (code) => /\batob\(/.test(code) || (BASE64.test(code) && /\bJSON\.parse\(/.test(code)),
    exceptions: {},
    planted: [
      "const payload = (jwt.split('.')[1] ?? '').replaceAll('-', '+'); const { exp } = JSON.parse(atob(payload));",
      "const [, claims] = jwt.split('.');\nreturn JSON.parse(Buffer.from(claims, 'base64url').toString());",
      "const bytes = Buffer.from(\n  token.slice(from), 'base64url');\nJSON.parse(bytes.toString())",
      'const bytes = decodeBase64Url(part); return JSON.parse(new TextDecoder().decode(bytes));',
    ],
    harmless: [
      "const mac = Buffer.from(token.slice(dot + 1), 'base64url');",
      "hash.digest('base64url')",
      'return readClaims(jwt);',
      "JSON.parse(readFileSync(path, 'utf8'))",
    ],
  },
  {
    question: 'the message of a thrown value',
    homes: ['src/lib/util/message-of.ts'],
    decides: (code) => /\b(\w+) instanceof Error\s*\?\s*\1\.message\s*:\s*String\(\1\)/.test(code),
    exceptions: {},
    planted: ['const reason = cause instanceof Error ? cause.message : String(cause);'],
    harmless: [
      'const message = messageOf(error);',
      'const cause = error instanceof Error ? error.cause : error;',
    ],
  },
];

const files = sourceFiles().map(({ path, text }) => ({ path, code: withoutComments(text) }));

it(`the check of single implementations reads ${files.length} files for ${FACTS.length} facts`, () => {
  expect(files.length).toBeGreaterThan(300);
});

describe.each(FACTS)('$question', ({ homes, decides, exceptions, planted, harmless }) => {
  it('the fact is decided in one file', () => {
    const deciding = files.filter(({ code }) => decides(code)).map(({ path }) => path);
    expect(deciding.toSorted()).toEqual([...homes, ...Object.keys(exceptions)].toSorted());
  });

  it.each(planted)('the check finds a second implementation: %s', (code) => {
    expect(decides(code)).toBe(true);
  });

  it.each(harmless)('the check accepts a mention: %s', (code) => {
    expect(decides(code)).toBe(false);
  });
});

/** The occurrences of a pattern outside the allowed files: `file: text`. */
function occurrences(pattern: RegExp, allowed: (file: string) => boolean): readonly string[] {
  return files.flatMap(({ path, code }) =>
    allowed(path) ? [] : (code.match(pattern) ?? []).map((found) => `${path}: ${found}`),
  );
}

describe('the sources of a setting', () => {
  const RESOLVER = 'src/lib/kite/config/resolve-setting.ts';
  /** Reads the variables of oclif itself, whose names contain the name of the program. */
  const OCLIF = 'src/lib/cli/frame/fast-path-config.ts';
  const TABLES = /^src\/lib\/(?:kite\/config\/kite|cli\/settings\/[a-z-]+)-settings\.ts$/;

  it('a setting has its variable in the tables of settings only', () => {
    const names = /(['"])(?:KITE|KONTROL)_[A-Z_]+\1/g;
    const declared = occurrences(names, (file) => !TABLES.test(file));
    console.log(`one fact: ${declared.length} variables in tables, ${files.length} files searched`);
    expect(declared.length).toBeGreaterThan(50);
    expect(occurrences(names, (file) => TABLES.test(file))).toEqual([]);
  });

  it('a setting is read from the environment by the resolver only', () => {
    const reads = [
      /\benv(?:ironment)?\s*(?:\?\.)?\[(?!['"`])/g,
      /\benv\.(?:KITE|KONTROL)_/g,
      /process\.env\s*\[\s*[a-z]/g,
    ];
    expect(files.find(({ path }) => path === RESOLVER)?.code).toMatch(reads[0] ?? /^/);
    for (const read of reads)
      expect(occurrences(read, (file) => [RESOLVER, OCLIF].includes(file))).toEqual([]);
  });

  it('a setting is read from a context by the resolver and by the management of contexts only', () => {
    const reads = /\bcontext\??\.(?:kontrol|username|to|timeout|transport)\b/g;
    const managing = ['src/lib/cli/context/manage-contexts.ts', 'src/lib/cli/settings/key-location.ts'];
    expect(occurrences(reads, (file) => managing.includes(file))).toEqual([]);
  });
});
