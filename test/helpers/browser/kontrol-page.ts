import { expect, onTestFinished } from 'vitest';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import type { Kontrol, KontrolOptions } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connect, startKontrol } from '../kontrol/kontrol.js';
import { openPage, type OpenPage } from './chromium.js';
import type { Pages } from './use-chromium.js';

export interface SignedInPage extends OpenPage {
  readonly kontrol: Kontrol;
  readonly origin: string;
}

export async function startUiKontrol(
  { ui }: Pages,
  options: Partial<KontrolOptions> = {},
): Promise<{ kontrol: Kontrol; origin: string }> {
  const { kontrol, origin } = await startKontrol({ page: ui(), ...options });
  return { kontrol, origin };
}

/** A link that signs in `username` once. */
export async function linkFor(kontrol: Kontrol, username: string, kite: KiteOptions = {}): Promise<string> {
  const caller = await connect(kontrol, username, { kite });
  const { code } = await caller.tell<{ code: string }>('signInCode');
  caller.close();
  return `${new URL('/', kontrol.kite.url).href}#sign-in=${code}`;
}

/** The page of a Kontrol with `username` signed in. */
export async function signedIn(
  pages: Pages,
  { username = 'bob', ...options }: Partial<KontrolOptions> & { readonly username?: string } = {},
): Promise<SignedInPage> {
  const { kontrol, origin } = await startUiKontrol(pages, options);
  const opened = await openPage(pages.browser(), await linkFor(kontrol, username));
  await opened.page.getByText('Connected', { exact: true }).waitFor();
  return { ...opened, kontrol, origin };
}

/** A kite of bob's that listens and is registered at Kontrol. */
export async function startRegistered(
  kontrol: Kontrol,
  name: string,
  options: KiteOptions & { readonly methods?: (kite: Kite) => void; readonly user?: string } = {},
): Promise<Kite> {
  const { methods, user = 'bob', ...others } = options;
  const kite = new Kite(name, '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey(user),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    region: 'eu',
    env: {},
    logger: silentLogger,
    ...others,
  });
  methods?.(kite);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  await kite.listen();
  await kite.register();
  return kite;
}

/** Registers a kite of any identity over HTTP; nothing listens at its URL. */
export async function registerRaw(
  origin: string,
  key: string,
  kite: Readonly<Record<string, string>>,
  url = 'http://127.0.0.1:1/kite',
): Promise<void> {
  const response = await fetch(`${origin}/register`, {
    method: 'POST',
    body: JSON.stringify({
      url,
      kite: { environment: 'prod', region: 'eu', version: '1.0.0', hostname: 'vm', ...kite },
      auth: { type: 'kiteKey', key },
    }),
  });
  expect(await response.text()).not.toContain('"err"');
}
