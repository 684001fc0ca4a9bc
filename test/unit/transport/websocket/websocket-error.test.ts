import { describe, expect, it } from 'vitest';
import { DROPPED_CODE } from '../../../../src/lib/transport/channel/close-code.js';
import { closeStatusForError } from '../../../../src/lib/transport/websocket/websocket-error.js';

describe('closeStatusForError', () => {
  it.each([
    ['WS_ERR_INVALID_UTF8', 1007],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
    ['WS_ERR_INVALID_OPCODE', 1002],
    ['ECONNRESET', DROPPED_CODE],
  ])('closeStatusForError returns the close code for %s', (code, closeCode) => {
    const error = Object.assign(new Error('no'), { code });
    expect(closeStatusForError(error, 1024)).toEqual({ code: closeCode, reason: 'no' });
  });

  it.each(['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'])(
    'closeStatusForError names the limit for %s',
    (code) => {
      const error = Object.assign(new Error('no'), { code });
      const { reason } = closeStatusForError(error, 1024);
      expect(closeStatusForError(error, 1024)).toMatchObject({ code: 1009 });
      expect(reason).toBe('A message is larger than 1024 bytes');
    },
  );

  it('closeStatusForError treats an error without a code as a dropped connection', () => {
    expect(closeStatusForError(new Error('no'), 1024)).toEqual({ code: DROPPED_CODE, reason: 'no' });
  });
});
