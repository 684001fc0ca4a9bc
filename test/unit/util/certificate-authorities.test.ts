import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect, it, vi } from 'vitest';
import { withDefaultAuthorities } from '../../../src/lib/util/certificate-authorities.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

it('certificate authorities are added to those of Node', () => {
  const all = withDefaultAuthorities('mine');
  expect(all.at(-1)).toBe('mine');
  expect(all).toEqual(expect.arrayContaining([...tls.rootCertificates]));
});

it('a file of NODE_EXTRA_CA_CERTS that cannot be read is left out', () => {
  const file = join(temporaryFolder(), 'extra.pem');
  vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
  try {
    expect(withDefaultAuthorities('mine').length).toBeGreaterThan(tls.rootCertificates.length);
    writeFileSync(file, 'extra');
    expect(withDefaultAuthorities('mine').at(-1)).toBe('mine');
  } finally {
    vi.unstubAllEnvs();
  }
});
