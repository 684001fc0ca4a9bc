import { configurationError } from '../runtime/cli-error.js';
import type { ReloadPart } from '../frame/server-lifecycle.js';
import { readPem } from './read-pem.js';

/** The TLS certificate and private key of a server, as PEM. */
export interface TlsPems {
  readonly cert: string;
  readonly key: string;
}

/** The paths of a TLS certificate and its private key. */
export interface TlsFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * Reads the certificate and the private key. Returns undefined if `files` is undefined.
 *
 * @throws CliError if one of them is missing or cannot be read
 */
export async function readTlsFiles(files: TlsFiles | undefined): Promise<TlsPems | undefined> {
  if (!files) return undefined;
  const { certificate, privateKey } = files;
  const [cert, key] = await Promise.all([readPem(certificate, false), readPem(privateKey, true)]);
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw configurationError(
    `There is no ${cert === undefined ? `certificate at ${certificate}` : `private key at ${privateKey}`}.`,
    'Create both with: kitectl keygen --tls --out DIR',
  );
}

/** Returns what a server reloads of its certificate: nothing if it does not serve TLS. */
export function reloadedTls(
  files: TlsFiles | undefined,
  use: (tls: TlsPems) => unknown,
): readonly ReloadPart[] {
  if (!files) return [];
  const reload = async (): Promise<void> => {
    const tls = await readTlsFiles(files);
    if (tls) use(tls);
  };
  return [{ what: `the certificate in ${files.certificate}`, reload }];
}
