import type { SourceFile } from 'typescript/unstable/ast';
import { describe, expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';
import { parseSources } from '../../language/parse-sources.js';
import {
  checksContainment,
  convertsInvalidJson,
  convertsToError,
  convertsToMessage,
  createsExpiredError,
  decidesLoopback,
  decodesBase64,
  environmentLookups,
  readsErrorCode,
  removesBrackets,
  removesPort,
  replacesScheme,
  respondsInText,
  usesProcessEnvironment,
  variableNames,
  writesCloseCode,
} from './fact-checks.js';

// Several implementations of one check diverge. Each fact here is decided in one module; a check of the syntax tree finds other
// code that decides it.

interface Fact {
  readonly question: string;
  /** The modules that decide it. Empty if the check does not recognize the module that does. */
  readonly homes: readonly string[];
  /** Whether code looks like a decision of it. */
  readonly decides: (file: SourceFile) => boolean;
  /** Code that looks like a decision and is not, with the reason. */
  readonly exceptions: Readonly<Record<string, string>>;
  /** Code that decided it once, or might: each must be found. */
  readonly planted: readonly string[];
  /** Code that only mentions it. */
  readonly harmless: readonly string[];
}

const FACTS: readonly Fact[] = [
  {
    question: 'the loopback check of a host or address',
    homes: ['src/lib/util/loopback.ts'],
    decides: decidesLoopback,
    exceptions: {
      'src/lib/cli/keys/keygen.ts': 'the hosts that each certificate is valid for',
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
      "address.split('.')[0] === '127'",
      "Number(address.split('.')[0]) === 127",
      "const HOST = 'localhost'; if (host === HOST) return true;",
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
    decides: decodesBase64,
    exceptions: {
      'src/lib/util/base64url.ts': 'the decoder',
      'src/lib/util/base64.ts': 'the decoder of bytes',
      'src/lib/dnode/decode-values.ts': 'bytes in a message',
      'src/lib/keys/jwt.ts': 'the signature of a JWT',
      'src/lib/kontrol/storage/shared/sealer.ts': 'an encrypted value',
      'src/lib/proxy/tunnel/tunnel-tokens.ts': 'the authentication code of a token that this proxy signed',
    },
    planted: [
      "const payload = (jwt.split('.')[1] ?? '').replaceAll('-', '+'); const { exp } = JSON.parse(atob(payload));",
      "const [, claims] = jwt.split('.');\nreturn JSON.parse(Buffer.from(claims, 'base64url').toString());",
      "const bytes = Buffer.from(\n  token.slice(from), 'base64url');\nJSON.parse(bytes.toString())",
      'const bytes = decodeBase64Url(part); return JSON.parse(new TextDecoder().decode(bytes));',
      "const parse = JSON.parse; const claims = parse(Buffer.from(part, 'base64url').toString());",
      "const ENCODING = 'base64url'; const { from } = Buffer; from(part, ENCODING);",
    ],
    harmless: [
      "Buffer.from(text).toString('base64')",
      "hash.digest('base64url')",
      'return readClaims(jwt);',
      "JSON.parse(readFileSync(path, 'utf8'))",
    ],
  },
  {
    question: 'the message of a thrown value',
    homes: ['src/lib/util/message-of.ts'],
    decides: convertsToMessage,
    exceptions: {},
    planted: [
      'const reason = cause instanceof Error ? cause.message : String(cause);',
      'function text(e: unknown) { if (e instanceof Error) return e.message; return String(e); }',
      'const reason = cause instanceof Error ? cause.message : JSON.stringify(cause);',
    ],
    harmless: [
      'const message = messageOf(error);',
      'const cause = error instanceof Error ? error.cause : error;',
      'const text = error instanceof Error ? (error.stack ?? error.message) : String(error);',
    ],
  },
  {
    question: 'the error of a thrown value',
    homes: ['src/lib/util/message-of.ts'],
    decides: convertsToError,
    exceptions: {},
    planted: [
      'reject(error instanceof Error ? error : new Error(String(error)));',
      'function f(e: unknown) { if (e instanceof Error) throw e; throw new Error(`${String(e)}`); }',
    ],
    harmless: ['reject(toError(error));', "if (!(error instanceof Error)) throw new Error('no error');"],
  },
  {
    question: 'the environment of the process',
    homes: ['src/lib/cli/runtime/process-runtime.ts', 'src/lib/kite/compose-kite.ts'],
    decides: usesProcessEnvironment,
    exceptions: {
      'src/lib/cli/frame/main.ts': 'NODE_OPTIONS, which Node reads',
      'src/lib/cli/frame/through-oclif.ts': 'FORCE_COLOR, which oclif reads',
      'src/lib/proxy/shared/proxy-options.ts': 'the default of the option env of proxies',
      'src/lib/util/certificate-authorities.ts': 'NODE_EXTRA_CA_CERTS, which Node reads',
    },
    planted: [
      'const { KITE_TIMEOUT } = process.env;',
      "const { env } = process; env['KITE_TIMEOUT'];",
      "import { env } from 'node:process';",
      "process['env'].KITE_TIMEOUT",
      "import process from 'node:process';\nconst all = process.env;",
    ],
    harmless: ['const { env } = options;', "options.env['HOME']"],
  },
  {
    question: 'the close codes that have a name',
    homes: ['src/lib/transport/channel/close-code.ts'],
    decides: writesCloseCode,
    exceptions: { 'src/lib/errors/error-codes.ts': 'the table of close codes' },
    planted: ["connection.close(3000, 'Go away!');", 'const BAD_GATEWAY_CODE = 1014;'],
    harmless: ['connection.close(GO_AWAY_CODE, GO_AWAY_REASON);'],
  },
  {
    question: 'the conversion between the schemes of HTTP and WebSocket',
    homes: ['src/lib/util/web-url.ts'],
    decides: replacesScheme,
    exceptions: {},
    planted: ["url.replace(/^ws/, 'http')", "url.replace(/^http/i, 'ws')", "protocol.replace('http', 'ws')"],
    harmless: ['toHttp(url)', '/^https?:/.test(url)', "name.replace(/^http-/, '')"],
  },
  {
    question: 'a host without its port or brackets',
    homes: ['src/lib/util/host.ts'],
    decides: (file) => removesPort(file) || removesBrackets(file),
    exceptions: {
      'src/lib/transport/channel/remote-address.ts': 'an address with a port, which has no final dot',
    },
    planted: [
      "host.replace(/:\\d*$/, '')",
      "host.replace(/^\\[|\\]$/g, '')",
      "host.replace(/^\\[(.*)\\]$/s, '$1')",
    ],
    harmless: ['withoutBrackets(withoutPort(host))', "line.replace(/\\[[\\d;]*m/, '')"],
  },
  {
    question: 'whether a path is in a folder',
    homes: ['src/lib/cli/kites/file-in-folder.ts'],
    decides: checksContainment,
    exceptions: {},
    planted: ['const inside = program?.startsWith(root + sep) ?? false;'],
    harmless: ["path.startsWith('/')"],
  },
  {
    question: 'the error for an expired token',
    homes: ['src/lib/keys/jwt.ts'],
    decides: createsExpiredError,
    exceptions: {},
    planted: ["throw new JwtError('expired', 'token is expired');"],
    harmless: ['throw tokenExpiredError();', "throw new JwtError('malformed', 'no');"],
  },
  {
    question: 'a JSON value that may be invalid',
    homes: ['src/lib/util/parse-json.ts'],
    decides: convertsInvalidJson,
    exceptions: {},
    planted: ['function f(text: string) { try { return JSON.parse(text); } catch { return undefined; } }'],
    harmless: ['function f(text: string) { try { return JSON.parse(text); } catch { return text; } }'],
  },
  {
    question: 'the code of a thrown value',
    homes: ['src/lib/util/error-code.ts'],
    decides: readsErrorCode,
    exceptions: {
      'src/lib/cli/kontrol/ui-link.ts': 'a sign-in code',
      'src/lib/kite/call/client.ts': 'the message is read as well',
    },
    planted: ['const { code } = error as { code?: unknown };'],
    harmless: ['const code = errorCode(error);'],
  },
  {
    question: 'a response in plain text',
    homes: [],
    decides: respondsInText,
    exceptions: {
      'src/lib/kite/serve/request-router.ts': 'ends a response that has started as well',
      'src/lib/transport/server/upload.ts': 'the headers of a response without a body',
    },
    planted: ["response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });"],
    harmless: ["respondText(response, 404, {}, 'Not Found');"],
  },
];

const sources = sourceFiles();
const files = sources.map(({ path, text }) => ({ path, code: withoutComments(text) }));
const parsed = parseSources(Object.fromEntries(sources.map(({ path, text }) => [path, text])));
const samples = new Map(
  FACTS.flatMap(({ planted, harmless }) => [...planted, ...harmless]).map((code, index) => [
    code,
    `sample-${index}.ts`,
  ]),
);
const parsedSamples = parseSources(Object.fromEntries([...samples].map(([code, path]) => [path, code])));

function sampleOf(code: string): SourceFile {
  const file = parsedSamples.get(samples.get(code) ?? '');
  if (!file) throw new Error(`not parsed: ${code}`);
  return file;
}

it(`the check of single implementations reads ${files.length} files for ${FACTS.length} facts`, () => {
  expect(files.length).toBeGreaterThan(300);
});

describe.each(FACTS)('$question', ({ homes, decides, exceptions, planted, harmless }) => {
  it('the fact is decided in one file', () => {
    const deciding = [...parsed].filter(([, file]) => decides(file)).map(([path]) => path);
    expect(deciding.toSorted()).toEqual([...homes, ...Object.keys(exceptions)].toSorted());
  });

  it.each(planted)('the check finds a second implementation: %s', (code) => {
    expect(decides(sampleOf(code))).toBe(true);
  });

  it.each(harmless)('the check accepts a mention: %s', (code) => {
    expect(decides(sampleOf(code))).toBe(false);
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
    const declared = [...parsed].flatMap(([path, file]) =>
      variableNames(file).map((name) => ({ path, name })),
    );
    const inTables = declared.filter(({ path }) => TABLES.test(path));
    console.log(`one fact: ${inTables.length} variables in tables, ${files.length} files searched`);
    expect(inTables.length).toBeGreaterThan(50);
    expect(declared.filter((entry) => !inTables.includes(entry))).toEqual([]);
  });

  it('a setting is read from the environment by the resolver only', () => {
    const reading = [...parsed].filter(([, file]) => environmentLookups(file).length > 0);
    expect(reading.map(([path]) => path).toSorted()).toEqual([OCLIF, RESOLVER].toSorted());
  });

  it('the check of variables finds destructured variables, properties and computed names', () => {
    const file = [
      ...parseSources({
        'file.ts': "const { KITE_A, KITE_B: b } = env; env.KITE_C; env['KITE_D']; env[name];",
      }).values(),
    ][0];
    expect(file && variableNames(file)).toEqual(['KITE_A', 'KITE_B', 'KITE_C', 'KITE_D']);
    expect(file && environmentLookups(file)).toEqual(['env[name]']);
  });

  it('a setting is read from a context by the resolver and by the management of contexts only', () => {
    const reads = /\bcontext\??\.(?:kontrol|username|to|timeout|transport)\b/g;
    const managing = ['src/lib/cli/context/manage-contexts.ts', 'src/lib/cli/settings/key-location.ts'];
    expect(occurrences(reads, (file) => managing.includes(file))).toEqual([]);
  });
});
