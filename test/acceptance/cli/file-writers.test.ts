import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CompletionCache } from '../../../src/lib/cli/completion/completion-cache.js';
import { keygen } from '../../../src/lib/cli/keys/keygen.js';
import { openAuditOutput } from '../../../src/lib/cli/kontrol/audit-output.js';
import { updateContexts } from '../../../src/lib/cli/settings/contexts.js';
import { History } from '../../../src/lib/cli/shell/history.js';
import { renewedKeySaver } from '../../../src/lib/cli/target/save-renewed-key.js';
import { parseKiteKey, writeFiles, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testRuntime } from '../../helpers/cli/test-runtime.js';
import { testKeyPair, testKiteKey } from '../../helpers/kite/keys.js';
import { fillDisk, mountBind, mountMemory, mountReadOnly } from '../../helpers/process/mounts.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

const pair = testKeyPair();
const jwt = pair.then((keys) => testKiteKey('alice', keys, systemClock).jwt);
const FORMER = 'what was there\n';

interface Writer {
  /** The name of the file in its folder. */
  readonly name: string;
  /** Writes a file that exists, and rejects if this fails. */
  readonly write: (folder: string) => Promise<unknown>;
  /** What the new content contains. */
  readonly writes: RegExp;
  /** A cache or a log, which continues without its file. */
  readonly silent?: true;
  /** Appends to the file. */
  readonly appends?: true;
}

/** Every part that writes a file outside a folder of its own. */
const WRITERS: Readonly<Record<string, Writer>> = {
  'a kite key': {
    name: 'kite.key',
    write: async (home) => writeKiteKeyFile(await jwt, { home, force: true }),
    writes: /^eyJ/,
  },
  'a renewed kite key': {
    name: 'kite.key',
    write: async (home) => {
      const file = join(home, 'kite.key');
      const key = parseKiteKey(await jwt);
      await renewedKeySaver({ key, location: { type: 'file', file } }, {})(key.jwt);
    },
    writes: /^eyJ/,
  },
  contexts: {
    name: 'contexts.json',
    write: (home) => updateContexts(() => ({ contexts: new Map([['prod', {}]]) }), { KITE_HOME: home }),
    writes: /"prod"/,
  },
  'a private key': {
    name: 'key.pem',
    write: async (folder) =>
      writeFiles([{ path: join(folder, 'key.pem'), content: (await pair).privateKey, mode: 0o600 }], {
        force: true,
      }),
    writes: /PRIVATE KEY/,
  },
  'a certificate': {
    name: 'cert.pem',
    write: (out) =>
      keygen(
        {
          out,
          bits: 2048,
          tls: { hosts: ['localhost'], days: 1 },
          force: true,
          yes: true,
          format: undefined,
        },
        testRuntime(),
      ),
    writes: /BEGIN CERTIFICATE/,
  },
  'the audit log': {
    name: 'audit.log',
    write: async (folder) => {
      const output = await openAuditOutput(join(folder, 'audit.log'), silentLogger, testRuntime());
      output.write({ time: '', action: 'register', method: 'x', user: '', address: '' });
      await output.close();
    },
    writes: /"register"/,
    appends: true,
  },
  'the history of the shell': {
    name: 'history',
    write: async (folder) => {
      if ((await new History(join(folder, 'history')).add('call square')) === 'failed')
        throw new Error('failed');
    },
    writes: /call square/,
    appends: true,
  },
  'a long history of the shell': {
    name: 'history',
    write: async (folder) => {
      const file = join(folder, 'history');
      const former = readFileSync(file, 'utf8');
      const handle = openSync(file, 'r+');
      writeSync(handle, `${former}${'old\n'.repeat(2001)}`);
      closeSync(handle);
      await new History(file).read();
      if (readFileSync(file, 'utf8').split('\n').length > 1001) throw new Error('failed');
    },
    writes: /^(?:old\n){1000}$/,
    silent: true,
  },
  'the cache of completion': {
    name: 'kitectl/completion.json',
    write: (folder) =>
      new CompletionCache({ XDG_CACHE_HOME: folder }, () => 1).get(['x'], () => Promise.resolve(['a-value'])),
    writes: /a-value/,
    silent: true,
  },
};

interface Situation {
  readonly folder: string;
  /** The file whose content is the result. */
  readonly file: string;
}

/** A folder with a file that a writer replaces. */
function withFile({ name }: Writer, folder = temporaryFolder()): Situation {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(file, name === 'contexts.json' ? '{"contexts":{}}\n' : FORMER, { mode: 0o600 });
  return { folder, file };
}

/** What the error of a writer says. The history only tells that it failed; a certificate is written after its key. */
function refusal({ name }: Writer, why: RegExp): RegExp {
  if (name === 'history') return /failed/;
  const file = name === 'cert.pem' ? 'key.pem' : name;
  return new RegExp(`${file}.*(?:${why.source})|(?:${why.source}).*${file}`);
}

const names = Object.keys(WRITERS);
const writerOf = (name: string): Writer =>
  WRITERS[name] ?? { name: '', write: () => Promise.reject(new Error()), writes: /$^/ };

describe('a file that is written', () => {
  it.each(names)('%s is written through a symbolic link, which stays', async (name) => {
    const writer = writerOf(name);
    const elsewhere = withFile(writer);
    const folder = temporaryFolder();
    const link = join(folder, writer.name);
    mkdirSync(join(link, '..'), { recursive: true, mode: 0o700 });
    symlinkSync(elsewhere.file, link);
    await writer.write(folder);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(elsewhere.file, 'utf8')).toMatch(writer.writes);
    expect(statSync(elsewhere.file).mode & 0o077).toBe(writer.name === 'cert.pem' ? 0o044 : 0);
  });

  it.each(names)('%s is written in place if something is mounted at its file', async (name) => {
    const writer = writerOf(name);
    const elsewhere = withFile(writer);
    const { folder, file } = withFile(writer);
    mountBind(elsewhere.file, file);
    const { ino } = statSync(file);
    await writer.write(folder);
    expect(statSync(file).ino).toBe(ino);
    expect(readFileSync(elsewhere.file, 'utf8')).toMatch(writer.writes);
    expect(readdirSync(join(file, '..')).filter((entry) => entry.startsWith('.'))).toEqual([]);
  });

  // keygen and the key pair write two files, of which only one is mounted here.
  it.each(names.filter((name) => !/private|certificate/.test(name)))(
    '%s is written in place in a read-only folder with a writable file',
    async (name) => {
      const writer = writerOf(name);
      const elsewhere = withFile(writer);
      const { folder, file } = withFile(writer);
      mountReadOnly(folder);
      mountBind(elsewhere.file, file);
      await writer.write(folder);
      expect(readFileSync(elsewhere.file, 'utf8')).toMatch(writer.writes);
    },
  );

  it.each(names)('%s stays as it was in a read-only folder, and the error names it', async (name) => {
    const writer = writerOf(name);
    const { folder, file } = withFile(writer);
    const former = readFileSync(file, 'utf8');
    mountReadOnly(folder);
    const failure: unknown = await writer.write(folder).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!writer.silent) expect(String(failure)).toMatch(refusal(writer, /read-only|EROFS/));
    expect(readFileSync(file, 'utf8')).toBe(former);
  });

  it.each(names)('%s stays as it was on a full disk, and the error names it', async (name) => {
    const writer = writerOf(name);
    const disk = temporaryFolder();
    mountMemory(disk, 64);
    const { folder, file } = withFile(writer, disk);
    const former = readFileSync(file, 'utf8');
    fillDisk(disk);
    const failure: unknown = await writer.write(folder).then(
      () => undefined,
      (error: unknown) => error,
    );
    const content = readFileSync(file, 'utf8');
    // The page of a file that was begun has space for a short line.
    if (failure === undefined && writer.appends) expect(content).toMatch(writer.writes);
    else if (name !== 'a long history of the shell') expect(content).toBe(former);
    if (!writer.silent && !writer.appends)
      expect(String(failure)).toMatch(refusal(writer, /the disk is full/));
    expect(existsSync(file)).toBe(true);
  });

  it('the walk over writers of files prints its numbers', () => {
    console.log(`files: ${names.length} writers, ${5 * names.length - 2} cases`);
    expect(names.length).toBeGreaterThanOrEqual(9);
  });
});
