/** How the browser opened the page. */
export interface PageOpening {
  readonly origin: string;
  /** URL of the page that opened this one; empty if it is unknown. */
  readonly referrer: string;
  /** `Sec-Fetch-Site` of the request for the page, which Kontrol returns; undefined if the browser did not send it. */
  readonly fetchSite: string | undefined;
}

/** Whether a page of another origin may have opened this page. Without TLS beyond loopback, browsers report the referrer only. */
export function openedByOtherOrigin({ origin, referrer, fetchSite }: PageOpening): boolean {
  if (fetchSite !== undefined && fetchSite !== 'none' && fetchSite !== 'same-origin') return true;
  return referrer !== '' && !referrer.startsWith(`${origin}/`);
}

/** Returns the question that the page asks before it signs in with a link. `username`: who is signed in. */
export function signInQuestion(username: string | undefined): string {
  const current = username === undefined ? '' : `You are signed in as ${username}. `;
  return `${current}Sign in with the link that was opened? Do so only if you have created it yourself, with kitectl kontrol ui: the link of somebody else signs you in as them.`;
}
