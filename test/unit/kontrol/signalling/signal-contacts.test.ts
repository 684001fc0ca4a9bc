import { describe, expect, it } from 'vitest';
import { SIGNALLED_PAGES } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { SignalContacts } from '../../../../src/lib/kontrol/signalling/signal-contacts.js';
import { FakeCredentialHolder } from '../../../helpers/kite/fake-credential-holder.js';

describe('the contacts of pages', () => {
  it('the contacts of pages are those that match, each once', () => {
    const contacts = new SignalContacts<FakeCredentialHolder, string>();
    const [one, other] = [new FakeCredentialHolder(), new FakeCredentialHolder()];
    contacts.add(one, 'a', { id: 'b', credential: 'key of b' });
    contacts.add(one, 'a', { id: 'b', credential: 'key of b' });
    contacts.add(one, 'a', { id: 'c', credential: 'key of c' });
    contacts.add(other, 'd', { id: 'b', credential: 'key of b' });
    const take = () => contacts.take((credential) => credential === 'key of b');
    expect(take().map(({ peer, own, contact }) => [peer, own, contact.id])).toEqual([
      [one, 'a', 'b'],
      [other, 'd', 'b'],
    ]);
    expect(take()).toEqual([]);
  });

  it('the contacts of pages are forgotten when the page disconnects', () => {
    const contacts = new SignalContacts<FakeCredentialHolder, string>();
    const page = new FakeCredentialHolder();
    contacts.add(page, 'a', { id: 'b', credential: 'key' });
    page.disconnect();
    expect(contacts.take(() => true)).toEqual([]);
  });

  it('the contacts of pages are bounded: the first one is forgotten', () => {
    const contacts = new SignalContacts<FakeCredentialHolder, string>();
    const page = new FakeCredentialHolder();
    for (let n = 0; n <= SIGNALLED_PAGES; n++) contacts.add(page, 'a', { id: `${n}`, credential: 'key' });
    const ids = contacts.take(() => true).map(({ contact }) => contact.id);
    expect(ids).toHaveLength(SIGNALLED_PAGES);
    expect(ids[0]).toBe('1');
  });
});
