import type { FindProxy } from '../handshake/forward-proxy.js';

/** Returns a function like the global `fetch` that uses the proxy of the URL, if there is one. */
export function routedFetch(findProxy: FindProxy): typeof fetch {
  return async (input, init) => {
    const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input);
    if (!findProxy(url)) return fetch(input, init);
    // Loaded on use, because few programs need it.
    const { fetchThroughProxy } = await import('./fetch-through-proxy.js');
    return fetchThroughProxy(new Request(input, init), findProxy);
  };
}
