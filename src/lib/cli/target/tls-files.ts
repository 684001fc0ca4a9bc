import { configurationError } from '../runtime/cli-error.js';
import { readPem } from './read-pem.js';

/** What a server uses for TLS. PEM. */
export interface TlsPems {
  readonly cert: string;
  readonly key: string;
}

/**
 * The certificate and the private key in the files that the person named. Undefined: none were.
 *
 * @throws CliError where one of them is missing or cannot be used
 */
export async function readTlsFiles(
  files: { readonly certificate: string; readonly privateKey: string } | undefined,
): Promise<TlsPems | undefined> {
  if (!files) return undefined;
  const { certificate, privateKey } = files;
  const [cert, key] = await Promise.all([readPem(certificate, false), readPem(privateKey, true)]);
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw configurationError(
    `There is no ${cert === undefined ? `certificate at ${certificate}` : `private key at ${privateKey}`}.`,
    'Make both with: kitectl keygen --tls --out DIR',
  );
}
