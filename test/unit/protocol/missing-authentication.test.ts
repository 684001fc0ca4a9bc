import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KiteError } from '../../../src/lib/protocol/errors.js';
import {
  isMissingAuthentication,
  MISSING_AUTHENTICATION,
} from '../../../src/lib/protocol/missing-authentication.js';
import { root } from '../../helpers/source-files.js';

describe('the rejection of a call without credentials', () => {
  it.each([
    [new KiteError('authenticationError', MISSING_AUTHENTICATION), true],
    [new KiteError('authenticationError', 'kiteKey: the signature is invalid'), false],
    [new KiteError('genericError', MISSING_AUTHENTICATION), false],
    [new Error(MISSING_AUTHENTICATION), false],
  ])('the rejection is recognized by its type and its message: %s', (error, expected) => {
    expect(isMissingAuthentication(error)).toBe(expected);
  });

  it('the rejection of a Go kite has the same message', async () => {
    const recording = await readFile(join(root, 'test/fixtures/wire/call-websocket.jsonl'), 'utf8');
    expect(recording).toContain(MISSING_AUTHENTICATION);
  });
});
