import type { Channel } from '../channel/channel.js';
import { decodeServerFrame } from '../sockjs/frames.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { CHECK_PATH, DialError, statusError } from '../handshake/dial-error.js';
import { Handshake } from '../handshake/handshake.js';
import type { Answer, Post } from './post.js';
import { pathUnder } from '../handshake/session-url.js';
import { XhrChannel } from './xhr-channel.js';

export interface XhrPlatform {
  readonly http: Post;
  /** What the failure of a request means. */
  readonly failure: (base: URL, cause: Error) => DialError;
}

/** Opens a session over XHR polling. `session` is its path under the base URL. */
export function dialXhr(
  base: URL,
  session: string,
  options: DialOptions,
  { http, failure }: XhrPlatform,
): Promise<Channel> {
  const { limits, clock } = options;
  return new Promise((resolve, reject) => {
    const handshake = new Handshake(base, options, (error) => {
      request.abort();
      http.close();
      reject(error);
    });
    const pollPath = pathUnder(base, `${session}/xhr`);
    const sendPath = pathUnder(base, `${session}/xhr_send`);
    const request = http.post(pollPath, '', false, (outcome) => {
      if (outcome instanceof Error) {
        handshake.fail(failure(base, outcome));
        return;
      }
      const refusal = refusalOf(base, outcome, limits.messageBytes);
      if (refusal) {
        handshake.fail(refusal);
      } else if (handshake.succeed()) {
        const { remoteAddress } = outcome as Answer;
        const owner = new ClientHeartbeat(clock, limits.idleTimeout);
        const channel = new XhrChannel({ pollPath, sendPath, http, limits, clock, remoteAddress, owner });
        owner.watch(channel);
        resolve(channel);
      }
    });
  });
}

/** Why the answer to the first request opens no session; undefined when it does. */
function refusalOf(url: URL, outcome: Answer | 'tooLarge', messageBytes: number): DialError | undefined {
  if (outcome === 'tooLarge') return new DialError('protocol', url, NO_SOCKJS);
  if (outcome.status !== 200) return statusError(url, outcome.status, 'a SockJS session');
  const frame = decodeServerFrame(outcome.text.trimEnd(), messageBytes);
  if (frame.type === 'open') return undefined;
  if (frame.type === 'close') {
    return new DialError(
      'handshake',
      url,
      `the server ended the session at once: ${frame.code} ${frame.reason}`,
      {
        status: 200,
      },
    );
  }
  return new DialError('protocol', url, NO_SOCKJS);
}

const NO_SOCKJS = `not a SockJS server. ${CHECK_PATH}`;
