import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { ConfigurationError } from '../../protocol/errors.js';
import { messageOf } from '../../util/message-of.js';
import { respondText } from '../../transport/server/respond.js';

interface UiFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The Content-Security-Policy of the page. Scripts and styles are loaded from its own files only, and strings never become
 * code or markup. The page may connect to any host, because it calls kites.
 */
const SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self' http: https: ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  // Revalidated on each visit by its ETag.
  'cache-control': 'no-cache',
};

/** Tells the page whether a page of another origin opened it, so that it asks before it signs in with a link. */
function serverTiming({ 'sec-fetch-site': site }: IncomingHttpHeaders): Record<string, string> {
  const known = typeof site === 'string' && /^(?:cross-site|same-site|same-origin|none)$/.test(site);
  return { 'server-timing': `site;desc="${known ? site : ''}"` };
}

/** Serves the files of Kontrol's page at `/`. They are read once. */
export class UiFiles {
  readonly #files: ReadonlyMap<string, UiFile>;

  private constructor(files: ReadonlyMap<string, UiFile>) {
    this.#files = files;
  }

  /**
   * Reads the files of the page.
   *
   * @throws ConfigurationError if the folder does not contain the page
   */
  static async read(folder: string): Promise<UiFiles> {
    try {
      const names = (await readdir(folder)).filter((name) => Object.hasOwn(CONTENT_TYPES, extname(name)));
      const files = await Promise.all(
        names.map(async (name) => {
          const body = await readFile(join(folder, name));
          const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
          return [`/${name}`, { type: CONTENT_TYPES[extname(name)] ?? '', etag, body }] as const;
        }),
      );
      const byPath = new Map<string, UiFile>(files);
      const index = byPath.get('/index.html');
      if (!index) throw new Error('index.html is missing');
      return new UiFiles(byPath.set('/', index));
    } catch (error) {
      throw new ConfigurationError(
        'noPage',
        `Kontrol's page cannot be read from ${folder}: ${messageOf(error)}`,
      );
    }
  }

  serve({ method, url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const file = this.#files.get(url.split('?', 1)[0] ?? '/');
    if (!file) {
      respondText(response, 404, {}, 'Not Found\n');
    } else if (method !== 'GET' && method !== 'HEAD') {
      respondText(response, 405, { allow: 'GET, HEAD' }, 'use GET\n');
    } else if (headers['if-none-match']?.includes(file.etag)) {
      response.writeHead(304, { ...HEADERS, ...serverTiming(headers), etag: file.etag }).end();
    } else {
      const { type, etag, body } = file;
      const length = body.length;
      response.writeHead(200, {
        ...HEADERS,
        ...serverTiming(headers),
        etag,
        'content-type': type,
        'content-length': length,
      });
      response.end(method === 'HEAD' ? undefined : body);
    }
  }
}
