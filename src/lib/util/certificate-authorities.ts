import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/**
 * Returns the certificate authorities that Node trusts by default, those of `NODE_EXTRA_CA_CERTS` included, and `ca`, all in PEM.
 * Every option `ca` of this package passes through this function, because the option `ca` of Node replaces the defaults.
 */
export function withDefaultAuthorities(ca: string): string[] {
  return [...defaultAuthorities(), ca];
}

/** The part of `node:tls` that exists since Node 22.15. */
interface TlsWithDefaults {
  readonly getCACertificates?: (type: 'default') => readonly string[];
}

function defaultAuthorities(): readonly string[] {
  const all = (tls as TlsWithDefaults).getCACertificates?.('default');
  return all ?? [...tls.rootCertificates, ...extraAuthorities(process.env['NODE_EXTRA_CA_CERTS'])];
}

/** Returns the content of the file. Node itself warns about a file that cannot be read, and goes on without it. */
function extraAuthorities(file: string | undefined): readonly string[] {
  if (file === undefined || file === '') return [];
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    return [];
  }
}
