import { describe, expect, it } from 'vitest';
import type { ConnectionCredential } from '../../../../src/lib/kite/call/connection-credential.js';
import { ConnectionCredentials } from '../../../../src/lib/kite/trust/connection-credentials.js';
import { FakeCredentialHolder } from '../../../helpers/kite/fake-credential-holder.js';

function credential(revocationKey: string): {
  -readonly [Key in keyof ConnectionCredential]: ConnectionCredential[Key];
} {
  return { identity: { username: 'alice', claims: {} }, revocationKey, revoked: false };
}

function connection(role: 'accepted' | 'dialed' = 'accepted'): FakeCredentialHolder {
  return new FakeCredentialHolder(role, 1);
}

describe('the credentials of connections', () => {
  it('the credentials of connections end those that have used a revoked one, also if it was not the last', () => {
    const used = new ConnectionCredentials();
    const [first, second] = [credential('first'), credential('second')];
    const [one, both, other] = [connection(), connection(), connection()];
    used.add(one, first);
    used.add(both, first);
    used.add(both, second);
    used.add(other, second);
    used.endRevoked([one, both, other, connection()]);
    expect([one, both, other].map(({ close }) => close.mock.calls.length)).toEqual([0, 0, 0]);
    first.revoked = true;
    used.endRevoked([one, both, other]);
    expect(one.close).toHaveBeenCalledWith(1008, 'The credentials were revoked');
    expect(both.close).toHaveBeenCalledOnce();
    expect(other.close).not.toHaveBeenCalled();
  });

  it('the credentials of connections end those that this kite has dialed, until they disconnect', () => {
    const used = new ConnectionCredentials();
    const [revoked, own] = [credential('revoked'), credential('own')];
    const [dialed, gone, other] = [connection('dialed'), connection('dialed'), connection('dialed')];
    for (const peer of [dialed, gone]) used.add(peer, revoked);
    for (let n = 0; n < 3; n++) used.add(other, own);
    gone.disconnect();
    revoked.revoked = true;
    used.endRevoked([]);
    expect(dialed.close).toHaveBeenCalledWith(1008, 'The credentials were revoked');
    expect([gone, other].map(({ close }) => close.mock.calls.length)).toEqual([0, 0]);
    expect(other.on).toHaveBeenCalledOnce();
  });

  it('the credentials of connections replace equal ones, such as tokens of one kite key', () => {
    const used = new ConnectionCredentials();
    const peer = connection();
    for (let n = 0; n < 1000; n++) used.add(peer, credential('first'));
    const last = credential('first');
    used.add(peer, last);
    last.revoked = true;
    used.endRevoked([peer]);
    expect(peer.close).toHaveBeenCalledOnce();
  });

  it('the credentials of connections let a connection finish the calls that revoke', async () => {
    const used = new ConnectionCredentials();
    const peer = connection();
    const own = credential('own');
    used.add(peer, own);
    own.revoked = true;
    used.endRevoked([peer], new Set([peer]));
    expect(peer.close).not.toHaveBeenCalled();
    peer.flow.onIdle?.();
    await Promise.resolve();
    expect(peer.close).toHaveBeenCalledOnce();
  });
});
