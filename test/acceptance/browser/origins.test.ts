import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { KiteOptions } from '../../../src/lib/index.js';
import { all, squares } from '../../helpers/browser/call-square.js';
import { chromiumInstalled, FRIEND, openPage, STRANGER, skipped } from '../../helpers/browser/chromium.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { useChromium } from '../../helpers/browser/use-chromium.js';
import { policy, startKite, startPageServer } from '../../helpers/browser/page-server.js';

const { browser, files } = useChromium();

describe.skipIf(!chromiumInstalled)(`a browser page${skipped}`, () => {
  /** The origin of a page on another server, with the name `host`. */
  async function otherOrigin(host: string): Promise<string> {
    const { port } = await startPageServer(files(), policy('http://*:* ws://*:*'));
    return `http://${host}:${port}`;
  }

  async function pageOf(origin: string): Promise<Page> {
    return (await openPage(browser(), `${origin}/`)).page;
  }

  async function kiteUrl(options: KiteOptions): Promise<string> {
    return `${(await startKite(files(), options)).base}/kite`;
  }

  describe('a page of another origin', () => {
    it('a kite accepts a page of another origin if the page is from loopback or its origin is allowed', async () => {
      expect(await squares(await pageOf(await otherOrigin('localhost')), await kiteUrl({}))).toEqual(all(16));
      const friend = await otherOrigin(FRIEND);
      expect(await squares(await pageOf(friend), await kiteUrl({ allowOrigin: [friend] }))).toEqual(all(16));
    });

    it('a kite rejects a page of an origin that is not allowed over every transport', async () => {
      const url = await kiteUrl({ allowOrigin: [await otherOrigin(FRIEND)] });
      expect(await squares(await pageOf(await otherOrigin(STRANGER)), url)).toEqual(all('disconnect'));
    });
  });

  describe('a page that was opened as a file', () => {
    async function fileUrl(): Promise<string> {
      const folder = temporaryFolder();
      const [page, library] = ['/', '/kitectl.js'].map((path) => files().get(path)?.body ?? '');
      await writeFile(join(folder, 'index.html'), (page ?? '').replace('/kitectl.js', 'kitectl.js'));
      await writeFile(join(folder, 'kitectl.js'), library ?? '');
      return pathToFileURL(join(folder, 'index.html')).href;
    }

    it.each<[string, KiteOptions, unknown]>([
      ['is rejected', {}, 'disconnect'],
      [
        'is rejected if the kite allows other origins',
        { allowOrigin: ['https://app.example.com'] },
        'disconnect',
      ],
      ['is accepted if the kite allows the origin null', { allowOrigin: ['null'] }, 16],
      ['is accepted if the kite allows every origin', { allowOrigin: '*' }, 16],
    ])('a page that was opened as a file %s', async (_what, options, expected) => {
      const { page } = await openPage(browser(), await fileUrl());
      expect(await squares(page, await kiteUrl(options))).toEqual(all(expected));
    });
  });

  describe('a page whose host name was rebound to the address of a kite', () => {
    // The browser sends requests of the page's origin to the kite: another server has its address now.
    it.each<[string, KiteOptions, unknown]>([
      ['is rejected', {}, 'disconnect'],
      ['is accepted if the kite allows that host', { allowedHosts: [STRANGER] }, 16],
    ])('a page whose host name was rebound to the address of a kite %s', async (_what, options, expected) => {
      const { port, close } = await startPageServer(files(), policy());
      const { page } = await openPage(browser(), `http://${STRANGER}:${port}/`);
      await close();
      await startKite(files(), { port, ...options });
      expect(await squares(page, '/kite')).toEqual(all(expected));
    });
  });
});
