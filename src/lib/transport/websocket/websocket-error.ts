import { type CloseStatus, DROPPED_CODE } from '../channel/close-code.js';
import { messageTooLong } from '../sockjs/frames.js';

/**
 * Returns the close status for an error of `ws`: a protocol violation by the peer, or a failure of the socket. `messageBytes` is
 * the limit of the channel.
 */
export function closeStatusForError(error: Error, messageBytes: number): CloseStatus {
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'WS_ERR_INVALID_UTF8':
      return { code: 1007, reason: error.message };
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return messageTooLong(messageBytes);
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return { code: 1008, reason: error.message };
    default:
      return typeof code === 'string' && code.startsWith('WS_ERR_')
        ? { code: 1002, reason: error.message }
        : { code: DROPPED_CODE, reason: error.message };
  }
}
