import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { ConfigurationError } from '../../protocol/errors.js';
import { respondText } from '../../transport/server/respond.js';

interface UiFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * What the page may do. Scripts and styles are its own files alone, and no text becomes code or markup. It connects to
 * kites wherever they are, which is what it is for.
 */
const POLICY = [
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
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  // Asked for again at each visit, and sent again only where it is another one.
  'cache-control': 'no-cache',
};

/** The page of Kontrol: a few files, read once, at `/` and beside it. */
export class UiFiles {
  readonly #files: ReadonlyMap<string, UiFile>;

  private constructor(files: ReadonlyMap<string, UiFile>) {
    this.#files = files;
  }

  /** @throws ConfigurationError where the folder has no page */
  static async read(folder: string): Promise<UiFiles> {
    try {
      const names = (await readdir(folder)).filter((name) => Object.hasOwn(TYPES, extname(name)));
      const files = await Promise.all(
        names.map(async (name) => {
          const body = await readFile(join(folder, name));
          const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
          return [`/${name}`, { type: TYPES[extname(name)] ?? '', etag, body }] as const;
        }),
      );
      const byPath = new Map<string, UiFile>(files);
      const index = byPath.get('/index.html');
      if (!index) throw new Error('it has no index.html');
      return new UiFiles(byPath.set('/', index));
    } catch (error) {
      throw new ConfigurationError('noPage', `The page of Kontrol is not in ${folder}: ${String(error)}`);
    }
  }

  answer({ method, url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const file = this.#files.get(url.split('?', 1)[0] ?? '/');
    if (!file) {
      respondText(response, 404, {}, 'Not Found\n');
    } else if (method !== 'GET' && method !== 'HEAD') {
      respondText(response, 405, { allow: 'GET, HEAD' }, 'use GET\n');
    } else if (headers['if-none-match']?.includes(file.etag)) {
      response.writeHead(304, { ...HEADERS, etag: file.etag }).end();
    } else {
      const { type, etag, body } = file;
      const length = body.length;
      response.writeHead(200, { ...HEADERS, etag, 'content-type': type, 'content-length': length });
      response.end(method === 'HEAD' ? undefined : body);
    }
  }
}
