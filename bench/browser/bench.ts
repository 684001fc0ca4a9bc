/**
 * Measures calls per second of a page, over WebSocket and from page to page over WebRTC, as ratios to a bare echo in the same
 * page and run. The rounds are interleaved. Each is compared with the previous round of the echo, and the result is the median.
 *
 *     npm run bench:browser
 *     npm run bench:browser -- --rounds 5 --ms 1000
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { Kite } from '../../src/lib/index.js';
import { testKontrol } from '../../src/lib/testing.js';
import { server as bareServer } from '../peers/bare.js';
import type { Bench } from './page.js';

declare const bench: Bench;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, ms: { type: 'string', default: '1000' } },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Serves the page, with the library and `page.ts`. */
async function servePages(): Promise<{ server: Server; url: string }> {
  const { outputFiles } = await build({
    entryPoints: [file('page.ts')],
    bundle: true,
    format: 'iife',
    write: false,
  });
  const library = await readFile(file('../../dist/browser/kitectl-webrtc.js'), 'utf8');
  const scripts = `<script>${library}</script><script>${outputFiles[0]?.text}</script>`;
  const server = createServer((_request, response) => {
    response
      .setHeader('content-type', 'text/html')
      .end(`<!doctype html><meta charset="utf-8"><title>Bench</title>${scripts}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

/** Prints a row for each number of concurrent calls. The first peer is the baseline. */
async function compare(page: Page, title: string, peers: readonly string[]): Promise<void> {
  console.log(
    `\n| ${title}, calls per second | ${peers[0]} | ${peers.slice(1).join(', × bare | ')}, × bare |`,
  );
  console.log(`| --- | ${peers.map(() => '---').join(' | ')} |`);
  for (const concurrency of [1, 64]) {
    const rates = new Map(peers.map((name) => [name, [] as number[]]));
    for (let round = -1; round < rounds; round++) {
      for (const name of peers) {
        const rate = await page.evaluate(([peer, n, time]) => bench.run(peer, n, time), [
          name,
          concurrency,
          ms,
        ] as const);
        // The first round is a warm-up.
        if (round >= 0) rates.get(name)?.push(rate);
      }
    }
    const [baseline = [], ...others] = peers.map((name) => rates.get(name) ?? []);
    const times = others.map((own) =>
      median(own.map((rate, n) => rate / (baseline[n] ?? Number.NaN))).toFixed(2),
    );
    console.log(
      `| ${concurrency} concurrent | ${Math.round(median(baseline)).toLocaleString('en')} | ${times.join(' | ')} |`,
    );
  }
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
    '--allow-loopback-in-peer-connection',
  ],
});
const pages = await servePages();
const kite = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {} });
kite.handle<[number]>('square', ({ args: [n] }) => n ** 2).disableAuthentication();
await kite.listen();
const kontrol = await testKontrol({ webrtc: true });

try {
  const open = async (): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(pages.url);
    return page;
  };
  const one = await open();
  await one.evaluate((url) => bench.bareSocket(url), await bareServer.listen());
  for (const transport of ['WebSocket', 'RawWebSocket', 'XHRPolling'] as const)
    await one.evaluate(([name, url]) => bench.kite(name, url, name), [transport, kite.url ?? ''] as const);
  await compare(one, 'A page and a kite', ['bare', 'WebSocket', 'RawWebSocket', 'XHRPolling']);
  await one.close();

  const [near, far] = [await open(), await open()];
  const offer = await near.evaluate(() => bench.offer());
  const answer = await far.evaluate((sdp) => bench.answer(sdp), offer);
  await near.evaluate((sdp) => bench.accept(sdp), answer);
  const credentials = [kontrol.url, await kontrol.kiteKey('bob')] as const;
  await near.evaluate(([url, key]) => bench.register(url, key), credentials);
  const id = await far.evaluate(([url, key]) => bench.register(url, key), credentials);
  await near.evaluate((other) => bench.page('WebRTC', other, true), id);
  await near.evaluate((other) => bench.page('through Kontrol', other, false), id);
  await compare(near, 'Two pages', ['bare', 'WebRTC', 'through Kontrol']);
} finally {
  await browser.close();
  await kite.close();
  await kontrol.close();
  pages.server.close();
}
process.exit();
