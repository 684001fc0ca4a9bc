import type { ConnectionOptions } from 'node:tls';
import type { DialOptions } from './dial-options.js';

/** What is trusted in a server's certificate, and what is shown to it. */
export type DialTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** How Node dials. */
export interface NodeDialOptions extends DialOptions {
  readonly tls?: DialTls | undefined;
}
