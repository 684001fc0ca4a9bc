/**
 * Certificates and headers for connections that this side opens. Programs in Node only: in a page, the browser decides which
 * certificates are trusted and which headers are sent.
 */
export interface ServerAccess {
  /** Certificate authorities to trust in addition to those of Node and of `NODE_EXTRA_CA_CERTS`, in PEM. Not in pages. */
  readonly ca?: string | undefined;
  /**
   * The certificate of this side, for servers that require one, and its intermediate certificates, in PEM. Requires `key`. Not in
   * pages.
   */
  readonly cert?: string | undefined;
  /** The private key of `cert`, in PEM, not encrypted. Not in pages. */
  readonly key?: string | undefined;
  /**
   * Accepts any certificate. Anyone between this side and the server can then read and change everything, credentials and headers
   * included. Default: false. Not in pages.
   */
  readonly insecure?: boolean | undefined;
  /**
   * Headers of all requests to the server: the WebSocket handshake, XHR polling, and registrations over HTTP. They are never sent
   * on to where a server redirects. Not in pages.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The names of the options in `ServerAccess`. */
export const ACCESS_OPTIONS = [
  'ca',
  'cert',
  'key',
  'insecure',
  'headers',
] as const satisfies readonly (keyof ServerAccess)[];

/** Returns the options of `ServerAccess` that are set. */
export function accessOf(options: ServerAccess | undefined): ServerAccess {
  const names = ACCESS_OPTIONS.filter((name) => options?.[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, options?.[name]]));
}
