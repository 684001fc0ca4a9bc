import { createHash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { cachedForAYear, respond } from './respond.js';

/** The script of `sockjs-client` for the iframe page. */
export interface SockJsClientScript {
  /** An `https:` URL. */
  readonly url: string;
  /** Its digest, such as `sha384-…`. Browsers do not run a script that differs. */
  readonly integrity: string;
}

/** Whether a script has a URL and a digest that the iframe page can contain. */
export function isSockJsClientScript({ url, integrity }: SockJsClientScript): boolean {
  return (
    URL.canParse(url) &&
    new URL(url).protocol === 'https:' &&
    /^sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}$/.test(integrity)
  );
}

/** The page through which browsers without CORS connect to a server of another origin. */
export class IframePage {
  readonly #html: string;
  readonly #etag: string;

  constructor({ url, integrity }: SockJsClientScript) {
    const source = new URL(url).href.replaceAll('&', '&amp;').replaceAll('"', '%22');
    // The SockJS protocol specifies the text, except for the script.
    this.#html = `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${source}" integrity="${integrity}" crossorigin="anonymous"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
`;
    this.#etag = `"${createHash('sha256').update(this.#html).digest('hex').slice(0, 32)}"`;
  }

  respond(req: IncomingMessage, res: ServerResponse, headers: OutgoingHttpHeaders, now: number): void {
    const caching = { ...cachedForAYear(now), etag: this.#etag, ...headers };
    if (req.headers['if-none-match'] === this.#etag) {
      res.writeHead(304, caching);
      res.end();
      return;
    }
    respond(res, 200, { 'content-type': 'text/html; charset=UTF-8', ...caching }, this.#html);
  }
}
