import type { AnyMethods } from '../call/method-types.js';
import { TokenRenewal } from '../call/token-renewal.js';
import type { KiteCore } from '../core/kite-core.js';
import { LinkedKontrolClient } from '../kontrol/linked-kontrol-client.js';
import type { KontrolClient } from '../kontrol/kontrol-client.js';
import { dialInPage } from '../../transport/page/dial-in-page.js';
import { BasePageKite } from './base-page-kite.js';
import { composePageKite, type PageParts } from './compose-page-kite.js';
import type { PageClientOptions, PageKiteOptions, PageKontrolOptions } from './page-kite-options.js';

/** The parts of a kite in a page that has every transport of pages and a client of Kontrol. */
export const pageParts: PageParts = {
  dial: dialInPage,
  newRenewal: (options) => new TokenRenewal(options),
};

/**
 * A kite in a page: it calls other kites, and they call it, on connections that the page has opened.
 *
 * Lifecycle: register methods with `handle`, create clients, then `close`, or leave the page.
 *
 * @example
 *     const kite = new Kite('page', '1.0.0');
 *     kite.handle('title', () => document.title);
 *     const client = kite.newClient('http://localhost:3636/kite');
 *     await client.dialForever();
 *     await client.tell('square', 4); // 16
 */
export class PageKite<Methods = AnyMethods> extends BasePageKite<Methods, PageClientOptions> {
  readonly #core: KiteCore;
  readonly #kontrols = new Set<LinkedKontrolClient>();

  /** @throws ConfigurationError if a field of the identity is empty or contains "/" */
  constructor(name: string, version: string, options?: PageKiteOptions);
  /** @internal `core`: the core of a kite that is composed differently. */
  constructor(name: string, version: string, options: PageKiteOptions, core: KiteCore);
  constructor(
    name: string,
    version: string,
    options: PageKiteOptions = {},
    core: KiteCore = composePageKite(name, version, options, pageParts),
  ) {
    super(core);
    this.#core = core;
  }

  /**
   * Returns a client of Kontrol with the credentials of a user. It connects on first use, and is closed together with this
   * kite, or by its `close` when the user signs out.
   *
   * @example
   *     const kontrol = kite.kontrol({ url: 'https://kontrol.example.com/kite', auth: { type: 'kiteKey', key } });
   *     const [math] = await kontrol.getKites({ username: 'bob', environment: 'prod', name: 'math' });
   */
  kontrol({ url, auth, backoff }: PageKontrolOptions): KontrolClient {
    const kontrol = new LinkedKontrolClient({
      ...this.#core.host,
      urls: typeof url === 'string' ? [url] : url,
      auth: () => auth,
      newClient: (found, options) => this.newClient(found, options),
      backoff,
    });
    this.#kontrols.add(kontrol);
    return kontrol;
  }

  protected override wake(): void {
    super.wake();
    for (const kontrol of this.#kontrols) kontrol.wake();
  }

  override close(): Promise<void> {
    for (const kontrol of this.#kontrols) kontrol.close();
    return super.close();
  }
}
