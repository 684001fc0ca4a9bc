import { isLoopbackHost } from '../lib/util/loopback.js';

/** Returns a likely reason why this page cannot reach a kite, since browsers report few details. Undefined if there is none. */
export function connectionHint(
  kiteUrl: string,
  page: { readonly protocol: string; readonly hostname: string; readonly origin: string },
): string | undefined {
  if (!URL.canParse(kiteUrl)) return undefined;
  const kite = new URL(kiteUrl);
  const local = isLoopbackHost(kite.hostname);
  if (page.protocol === 'https:' && /^(?:http|ws):$/.test(kite.protocol) && !local)
    return 'This page was loaded over https, so browsers allow it to call kites over https only.';
  if (isLoopbackHost(page.hostname)) return undefined;
  if (local) return `The kite is at ${kite.hostname}, which only its own machine can reach.`;
  return `If the kite is running, allow pages of this origin: --allow-origin ${page.origin}, or KITE_ALLOW_ORIGIN.`;
}
