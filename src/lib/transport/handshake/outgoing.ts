import { createSecureContext } from 'node:tls';
import { withDefaultAuthorities } from '../../util/certificate-authorities.js';
import type { NodeDialOptions } from './node-dial-options.js';
import type { ServerAccess } from './server-access.js';

/** The options of a connection from Node that depend on the access to the server. */
export type Outgoing = Pick<NodeDialOptions, 'tls' | 'headers'>;

/**
 * Returns the options of connections with this access, which is valid. Connections should share the result: parsing the
 * certificates of all authorities takes milliseconds.
 */
export function outgoing({ ca, cert, key, insecure = false, headers }: ServerAccess): Outgoing {
  const hasCertificates = ca !== undefined || cert !== undefined;
  const tls = {
    ...(hasCertificates && {
      secureContext: createSecureContext({
        ...(ca !== undefined && { ca: withDefaultAuthorities(ca) }),
        ...(cert !== undefined && { cert, key }),
      }),
    }),
    ...(insecure && { rejectUnauthorized: false }),
  };
  return {
    ...((hasCertificates || insecure) && { tls }),
    ...(headers !== undefined && Object.keys(headers).length > 0 && { headers: { ...headers } }),
  };
}
