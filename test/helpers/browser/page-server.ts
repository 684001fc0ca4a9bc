import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { root } from './chromium.js';

/** The files that pages load, by path. */
export type Files = ReadonlyMap<string, { readonly type: string; readonly body: string }>;

const html = (head: string): string => `<!doctype html><meta charset="utf-8"><title>A page</title>${head}`;

const BUNDLES = ['kitectl', 'kitectl-core', 'kitectl-service', 'kitectl-webrtc'].flatMap((name) => [
  `${name}.js`,
  `${name}.esm.js`,
]);

/** The library built by `npm run build`, and pages that load it in each supported form. */
export async function pageFiles(): Promise<Files> {
  const [bundles, clock, kiteJs] = await Promise.all([
    Promise.all(BUNDLES.map((name) => readFile(join(root, 'dist', 'browser', name), 'utf8'))),
    build({
      entryPoints: [join(import.meta.dirname, 'page-clock.ts')],
      bundle: true,
      format: 'iife',
      write: false,
    }),
    readFile(join(root, 'node_modules', 'kite.js', 'dist', 'bundle.js'), 'utf8'),
  ]);
  const script = (path: string): string => `<script src="${path}"></script>`;
  return new Map([
    ['/', { type: 'text/html', body: html(script('/kitectl.js')) }],
    ['/core', { type: 'text/html', body: html(script('/kitectl-core.js')) }],
    ['/service', { type: 'text/html', body: html(script('/kitectl-service.js')) }],
    ['/webrtc', { type: 'text/html', body: html(script('/kitectl-webrtc.js')) }],
    ['/clock', { type: 'text/html', body: html(script('/clock.js') + script('/kitectl.js')) }],
    ['/clock.js', { type: 'text/javascript', body: clock.outputFiles[0]?.text ?? '' }],
    ['/module', { type: 'text/html', body: html('<script type="module" src="/module.js"></script>') }],
    ['/both', { type: 'text/html', body: html(script('/kite.js') + script('/kitectl.js')) }],
    [
      '/module.js',
      {
        type: 'text/javascript',
        body: "import * as it from './kitectl.esm.js'; globalThis.kitectl = it;",
      },
    ],
    ['/favicon.ico', { type: 'image/x-icon', body: '' }],
    ['/kite.js', { type: 'text/javascript', body: kiteJs }],
    ...BUNDLES.map(
      (name, index) => [`/${name}`, { type: 'text/javascript', body: bundles[index] ?? '' }] as const,
    ),
  ]);
}

/** The strictest policy under which a page works; `connect` lists what it may connect to besides its server. */
export function policy(connect = ''): string {
  return `default-src 'self'; base-uri 'none'; object-src 'none'${connect && `; connect-src 'self' ${connect}`}`;
}

export function serveFiles(files: Files, csp: string) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const file = files.get(request.url ?? '');
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': `${file.type}; charset=utf-8`,
      'content-security-policy': csp,
    });
    response.end(file.body);
  };
}

/** A server of pages that is not a kite. */
export async function startPageServer(
  files: Files,
  csp: string,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer(serveFiles(files, csp));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, close };
}

/** A kite that listens and serves the pages, and its base URL. */
export async function startKite(
  files: Files,
  options: KiteOptions = {},
): Promise<{ kite: Kite; base: string }> {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
  kite.handleHttp('/', serveFiles(files, policy()));
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  await kite.listen();
  return { kite, base: `http://127.0.0.1:${kite.port}` };
}
