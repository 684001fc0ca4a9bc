import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accessSettings } from '../../../../src/lib/cli/settings/access-settings.js';
import { CommandSettings, type ParsedFlags } from '../../../../src/lib/cli/settings/command-settings.js';
import { proxyStartSettings } from '../../../../src/lib/cli/settings/proxy-start-settings.js';
import { readAccess } from '../../../../src/lib/cli/target/read-access.js';
import { testKeyPair } from '../../../helpers/kite/keys.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { makeAuthority } from '../../../helpers/transport/authority.js';

const NO_HOME = '/nonexistent';

function read(flags: ParsedFlags, env: Readonly<Record<string, string>> = {}) {
  return readAccess(CommandSettings.fromFlags(accessSettings, flags, { KITE_HOME: NO_HOME, ...env }));
}

/** Writes a file that only its owner can read. */
function file(name: string, content: string, mode = 0o600): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content, { mode });
  return path;
}

describe('the access to servers from settings', () => {
  it('a command without settings of the access has no certificates and no headers', () => {
    expect(read({})).toEqual({});
  });

  it('certificates, the private key and headers come from files of flags and variables', async () => {
    const { ca } = await makeAuthority('one');
    const { cert, key } = await (await makeAuthority('two', 2)).client('bob');
    const headers = file('headers', '# a comment\r\nAuthorization:  Bearer x \r\n\r\nX-A:\n');
    const files = { ca: file('ca', ca), cert: file('cert', cert), key: file('key', key) };
    const all = { ca, cert, key, headers: { Authorization: 'Bearer x', 'X-A': '' } };
    expect(read({ ...files, header: [`@${headers}`], insecure: true })).toEqual({ ...all, insecure: true });
    const variables = {
      KITE_CA_FILE: files.ca,
      KITE_CLIENT_CERT_FILE: files.cert,
      KITE_CLIENT_KEY_FILE: files.key,
      KITE_HEADERS: `@${headers}`,
    };
    expect(read({}, variables)).toEqual(all);
  });

  it('a header is split at its first colon, and repeated headers become a list', () => {
    const header = ['X-A: 1', 'x-a:2', 'X-B:http://host:80/', 'Cookie: a=1', 'Cookie: b=2'];
    expect(read({ header })).toEqual({
      headers: { 'X-A': '1, 2', 'X-B': 'http://host:80/', Cookie: 'a=1; b=2' },
    });
    expect(read({}, { KITE_HEADERS: 'X-A: 1\nX-B: 2\n' })).toEqual({ headers: { 'X-A': '1', 'X-B': '2' } });
  });

  it.each([
    ['X-A: hunter2\r\nX-B: 1', 'has a line break'],
    ['X-A: hunter2\nX-B: 1', 'has a line break'],
    ['X A: hunter2', 'is not the name of a header'],
    ['Host: hunter2', 'cannot be set, because each request has its own'],
    ['X-A: hunter2\u0001', 'has a character that headers cannot contain'],
    ['hunter2', 'it must be NAME:VALUE, or @FILE for a file with one per line'],
    [': hunter2', 'it must be NAME:VALUE, or @FILE for a file with one per line'],
  ])('the header %j is an error that does not contain its value', (header, reason) => {
    const mistaken = (): unknown => read({ header: [header] });
    expect(mistaken).toThrow(reason);
    expect(mistaken).not.toThrow('hunter2');
    expect(mistaken).toThrow('--header');
  });

  it('a line without a colon in a file of headers is an error that does not contain the line', () => {
    const path = file('headers', 'X-A: 1\nhunter2\n');
    const mistaken = (): unknown => read({ header: [`@${path}`] });
    expect(mistaken).toThrow(`Line 2 of ${path} is not a header: there is no name with a colon.`);
    expect(mistaken).not.toThrow('hunter2');
  });

  it('a file that is missing, unreadable or not PEM is an error that names the file and the setting', () => {
    const missing = join(temporaryFolder(), 'missing.pem');
    const text = file('text', 'hunter2');
    const errors = (['ca', 'cert', 'key'] as const).flatMap((flag) =>
      [missing, temporaryFolder(), text].map((path) => {
        const other = flag === 'key' ? { cert: text } : {};
        return errorOf(() => read({ ...other, [flag]: path }));
      }),
    );
    for (const { hint } of errors) expect(hint).toMatch(/^Check --(?:ca|cert|key) \(KITE_\w+\)/);
    const [noCa, folder, notPem] = errors;
    expect(noCa?.message).toBe(`The file ${missing} cannot be read: it does not exist`);
    expect(folder?.message).toContain('it is a folder');
    expect(notPem?.message).toBe(
      `The file ${text} is not a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----.`,
    );
    expect(errorOf(() => read({ header: [`@${missing}`] })).message).toBe(
      `The file ${missing} cannot be read: it does not exist`,
    );
  });

  it('a private key that others can read, is missing or belongs to another certificate is an error', async () => {
    const { cert, key } = await (await makeAuthority('two', 2)).client('bob');
    const certFile = file('cert', cert);
    expect(errorOf(() => read({ cert: certFile, key: file('open', key, 0o644) })).message).toContain(
      'can be read or changed by other users (mode 0644)',
    );
    const missing = errorOf(() => read({ cert: certFile }));
    expect(missing.message).toBe(
      '--key (KITE_CLIENT_KEY_FILE) is missing: a certificate needs its private key.',
    );
    expect(missing.hint).toBe('Check --cert (KITE_CLIENT_CERT_FILE) and --key (KITE_CLIENT_KEY_FILE).');
    const { privateKey } = await testKeyPair(0);
    const other = file('other', privateKey);
    expect(errorOf(() => read({ cert: certFile, key: other })).message).toBe(
      `The file ${other} is not the private key of the certificate.`,
    );
  });

  it('only the flag turns off the verification of certificates, not a variable or a context', () => {
    const { variables, default: value } = accessSettings.insecure;
    expect({ variables, value }).toEqual({ variables: [], value: false });
    expect(accessSettings.insecure).not.toHaveProperty('context');
  });

  it('an error of proxy start names its own flags', async () => {
    const { cert } = await (await makeAuthority('two', 2)).client('bob');
    const flags = { 'client-cert': file('cert', cert) };
    const settings = CommandSettings.fromFlags(proxyStartSettings, flags, { KITE_HOME: NO_HOME });
    expect(errorOf(() => readAccess(settings)).message).toMatch(
      /^--client-key \(KITE_CLIENT_KEY_FILE\) is missing/,
    );
  });
});

function errorOf(run: () => unknown): { readonly message: string; readonly hint: string } {
  try {
    run();
  } catch (error) {
    return error as { readonly message: string; readonly hint: string };
  }
  throw new Error('It has not failed');
}
