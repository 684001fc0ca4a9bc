import { isLoopbackHost } from '../lib/util/loopback.js';

/** What may keep this page from reaching a kite, beside what browsers say, which is little. Undefined: nothing known. */
export function connectionHint(
  kiteUrl: string,
  page: { readonly protocol: string; readonly hostname: string; readonly origin: string },
): string | undefined {
  if (!URL.canParse(kiteUrl)) return undefined;
  const kite = new URL(kiteUrl);
  const local = isLoopbackHost(kite.hostname);
  if (page.protocol === 'https:' && /^(?:http|ws):$/.test(kite.protocol) && !local)
    return 'This page came over https, and browsers let it call kites over https alone.';
  if (isLoopbackHost(page.hostname)) return undefined;
  if (local) return `The kite is at ${kite.hostname}, which is this machine only for who runs there.`;
  return `If it runs, let pages of this origin in: --allow-origin ${page.origin}, or KITE_ALLOW_ORIGIN.`;
}
