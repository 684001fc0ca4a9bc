import type { Channel } from '../channel/channel.js';
import { decodeServerFrame } from '../sockjs/frames.js';
import { type HopExtension, withExtensions } from '../sockjs/hop-extensions.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { PATH_HINT, DialError, isDialError, statusError } from '../handshake/dial-error.js';
import { Handshake } from '../handshake/handshake.js';
import type { PostResponse, Post } from './post.js';
import { requestPath } from '../handshake/session-url.js';
import { XhrChannel } from './xhr-channel.js';

export interface XhrPlatform {
  readonly http: Post;
  /** Returns the DialError for a failed request. */
  readonly toDialError: (base: URL, cause: Error) => DialError;
}

/** Opens a session over XHR polling. `session` is its path under the base URL. */
export function dialXhr(
  base: URL,
  session: string,
  options: DialOptions,
  { http, toDialError }: XhrPlatform,
): Promise<Channel> {
  const { limits, clock } = options;
  return new Promise((resolve, reject) => {
    const handshake = new Handshake(base, options, (error) => {
      request.abort();
      http.close();
      reject(error);
    });
    const pollPath = withExtensions(requestPath(base, `${session}/xhr`));
    const sendPath = requestPath(base, `${session}/xhr_send`);
    const request = http.post(pollPath, '', false, (result) => {
      if (result instanceof Error) {
        handshake.fail(toDialError(base, result));
        return;
      }
      const opened = openSession(base, result, limits.messageBytes);
      if (isDialError(opened)) {
        handshake.fail(opened);
      } else if (handshake.succeed()) {
        const { remoteAddress } = result as PostResponse;
        const owner = new ClientHeartbeat(clock, limits.idleTimeout);
        const channel = new XhrChannel({
          pollPath,
          sendPath,
          http,
          limits,
          clock,
          remoteAddress,
          owner,
          extensions: opened,
        });
        owner.watch(channel);
        resolve(channel);
      }
    });
  });
}

/** Returns the extensions of the session that the response to the first request opens, or why it does not open one. */
function openSession(
  url: URL,
  result: PostResponse | 'tooLarge',
  messageBytes: number,
): readonly HopExtension[] | DialError {
  if (result === 'tooLarge') return notSockJsError(url);
  if (result.status !== 200) return statusError(url, result.status, 'a SockJS session');
  const frame = decodeServerFrame(result.text.trimEnd(), messageBytes);
  if (frame.type === 'open') return frame.extensions;
  if (frame.type === 'close') {
    return new DialError('handshake', url, `the server closed the session: ${frame.code} ${frame.reason}`, {
      status: 200,
    });
  }
  return notSockJsError(url);
}

function notSockJsError(url: URL): DialError {
  return new DialError('protocol', url, 'not a SockJS server', { hint: PATH_HINT });
}
