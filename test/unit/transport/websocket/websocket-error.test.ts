import { describe, expect, it } from 'vitest';
import { DROPPED_CODE } from '../../../../src/lib/transport/channel/close-code.js';
import { closeStatusForError } from '../../../../src/lib/transport/websocket/websocket-error.js';

describe('closeStatusForError', () => {
  it.each([
    ['WS_ERR_INVALID_UTF8', 1007],
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
    ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
    ['WS_ERR_INVALID_OPCODE', 1002],
    ['ECONNRESET', DROPPED_CODE],
  ])('closeStatusForError returns the close code for %s', (code, closeCode) => {
    const error = Object.assign(new Error('no'), { code });
    expect(closeStatusForError(error)).toEqual({ code: closeCode, reason: 'no' });
  });

  it('closeStatusForError treats an error without a code as a dropped connection', () => {
    expect(closeStatusForError(new Error('no'))).toEqual({ code: DROPPED_CODE, reason: 'no' });
  });
});
