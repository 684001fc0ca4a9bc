import { describe, expect, it } from 'vitest';
import { toCliError } from '../../../../src/lib/cli/frame/failures.js';
import { deadlinePassed } from '../../../../src/lib/kite/call/call-errors.js';
import { usageError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { StorageError } from '../../../../src/lib/kontrol/storage/shared/storage.js';
import { ConfigurationError, KiteError } from '../../../../src/lib/protocol/errors.js';
import type { DialErrorCode } from '../../../../src/lib/errors/error-codes.js';
import { DialError } from '../../../../src/lib/transport/handshake/dial-error.js';

const id = '0123456789abcdef';

const operation = { description: 'calling "m" at http://h/kite', target: 'http://h/kite' };

function dialError(code: DialErrorCode, status?: number): KiteError {
  const cause = new DialError(code, 'http://h/kite', 'no', status === undefined ? {} : { status });
  return new KiteError('disconnect', cause.message, { code, cause });
}

describe('toCliError', () => {
  it.each<[string, KiteError, number]>([
    ['an error of the remote method', new KiteError('genericError', 'no', { id }), 1],
    ['a custom error type', new KiteError('tooBad', 'no', { id, code: 'E1' }), 1],
    ['wrong arguments', new KiteError('argumentError', 'no', { id }), 1],
    ['a malformed answer', new KiteError('invalidResponse', 'no'), 1],
    ['refused credentials', new KiteError('authenticationError', 'no', { id }), 4],
    ['an unknown method', new KiteError('methodNotFound', 'no', { id }), 7],
    ['a rate limit', new KiteError('requestLimitError', 'no', { id }), 8],
    ['a limit of a user', new KiteError('requestLimitError', 'no', { id, code: 'userLimit' }), 8],
    ['a query for too many kites', new KiteError('genericError', 'no', { id, code: 'tooManyKites' }), 1],
    ['a deadline', new KiteError('timeout', 'no'), 124],
    ['a lost connection', new KiteError('disconnect', 'no'), 6],
    ['a port without a listener', dialError('refused'), 6],
    ['an unknown host', dialError('notFound'), 6],
    ['a path without a kite', dialError('handshake', 404), 5],
    ['a server that is not a kite', dialError('handshake', 500), 6],
    ['a malformed URL', dialError('invalidUrl'), 2],
    ['a message that cannot be sent', new KiteError('sendError', 'no'), 6],
    [
      'a deadline that the kite reports first',
      new KiteError('timeout', deadlinePassed().message, { id }),
      124,
    ],
    ['an argument that cannot be sent', new KiteError('argumentError', 'no'), 2],
    ["a deadline of the remote's own call", new KiteError('timeout', 'no', { id }), 1],
    ["a lost connection of the remote's own call", new KiteError('disconnect', 'no', { id }), 1],
  ])('toCliError maps %s to its exit code', (_title, error, exitCode) => {
    expect(toCliError(error, operation)).toMatchObject({
      exitCode,
      type: error.type,
      code: error.code,
      requestId: error.id,
    });
  });

  it('toCliError explains what to send to a kite that takes JSON only', () => {
    for (const kind of ['a stream', 'a Uint8Array']) {
      const error = new KiteError('argumentError', `args[0]: ${kind} cannot be sent to this peer`);
      expect(toCliError(error, operation).hint).toContain('@text:PATH');
    }
    expect(toCliError(new KiteError('argumentError', 'no'), operation).hint).toBe('');
  });

  it('toCliError explains after a timeout how to call a server of kite.js, if a kite key was sent', () => {
    const timeout = new KiteError('timeout', 'no');
    expect(toCliError(timeout, { ...operation, withKey: true }).hint).toContain('--auth none');
    expect(toCliError(timeout, operation).hint).not.toContain('--auth none');
  });

  it('toCliError explains how to send a key to a user who sent none, and how to inspect it to one who did', () => {
    const refused = new KiteError('authenticationError', 'no', { id });
    expect(toCliError(refused, operation).hint).toContain('--auth kite-key to send yours to http://h/kite');
    expect(toCliError(refused, { ...operation, withKey: true }).hint).toContain('kitectl showkey');
  });

  it.each(['keyPairRevoked', 'kiteKeyRevoked', 'kiteKeyExpired'])(
    'toCliError explains how to replace a key with %s',
    (code) => {
      const revoked = new KiteError('authenticationError', 'no', { id, code });
      expect(toCliError(revoked, { ...operation, withKey: true }).hint).toContain('kitectl register --force');
      expect(toCliError(revoked).hint).toContain('kitectl register --force');
    },
  );

  it.each([
    ['EROFS', 'Choose a folder that can be written; KITE_HOME sets that of keys and contexts.'],
    ['ENOSPC', 'Free some space on the disk.'],
    ['EACCES', 'Check its permissions and those of its folder.'],
  ])('toCliError explains what to do about a file that cannot be written because of %s', (code, hint) => {
    const error = new ConfigurationError('notWritable', 'no', {
      cause: Object.assign(new Error(), { code }),
    });
    expect(toCliError(error).hint).toBe(hint);
  });

  it('toCliError does not claim that a kite which a command runs has sent no kite key', () => {
    const refused = new KiteError('authenticationError', 'no', { id });
    expect(toCliError(refused).hint).toBe('Show the user of your kite key with: kitectl showkey');
  });

  it('an error of Kontrol about a limit of the user or about too many kites has a hint', () => {
    const hintFor = (type: string, code: string): unknown =>
      toCliError(new KiteError(type, 'no', { id, code }), operation).hint;
    expect(hintFor('requestLimitError', 'userLimit')).toContain('kitectl kontrol start --limit');
    expect(hintFor('requestLimitError', '')).toBe('Wait a moment and try again.');
    expect(hintFor('genericError', 'tooManyKites')).toBe(
      'List fewer kites: kitectl query /USER/ENVIRONMENT/NAME',
    );
  });

  it('toCliError mentions allowed hosts if a kite rejects the handshake', () => {
    expect(toCliError(dialError('handshake', 403), operation).hint).toContain('KITE_ALLOWED_HOSTS');
  });

  it.each<[string, Error, number, string]>([
    ['a store that cannot be reached', new StorageError('unavailable', 'no'), 6, 'storage'],
    ['a store that another Kontrol uses', new StorageError('locked', 'no'), 3, 'storage'],
    ['a store with unreadable content', new StorageError('broken', 'no'), 3, 'storage'],
    ['a connection that no client dialed', new DialError('refused', 'http://h/kite', 'no'), 6, 'disconnect'],
    ['an invalid setting', new ConfigurationError('badValue', 'no'), 3, 'configuration'],
  ])(
    'toCliError maps %s to its exit code, and does not report it as a bug',
    (_title, error, exitCode, type) => {
      const failure = toCliError(error);
      expect(failure).toMatchObject({ exitCode, type, cause: error });
      expect(failure.message).toBe(error.message);
      expect(failure.hint).not.toContain('bug');
    },
  );

  it('toCliError does not change a CliError', () => {
    const error = usageError('no');
    expect(toCliError(error, operation)).toBe(error);
  });

  it('toCliError reports any other error as a bug, with its stack', () => {
    const error = toCliError(new TypeError('x is not a function'), operation);
    expect(error).toMatchObject({ exitCode: 1, type: 'internal' });
    expect(error.message).toContain('failures.test.ts');
    expect(error.hint).toContain('bug');
  });
});
