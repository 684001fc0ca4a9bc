import { DROPPED_CODE } from '../channel/close-code.js';

/** How a connection ended. */
export interface Verdict {
  readonly code: number;
  readonly reason: string;
}

/** What an error of `ws` means: a peer that broke the protocol, or a socket that broke. */
export function verdictOf(error: Error): Verdict {
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'WS_ERR_INVALID_UTF8':
      return { code: 1007, reason: error.message };
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return { code: 1009, reason: error.message };
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return { code: 1008, reason: error.message };
    default:
      return typeof code === 'string' && code.startsWith('WS_ERR_')
        ? { code: 1002, reason: error.message }
        : { code: DROPPED_CODE, reason: error.message };
  }
}
