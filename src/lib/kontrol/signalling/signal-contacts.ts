import { SIGNALLED_PAGES } from '../limits/kontrol-limits.js';

/** A page to which another page may have a session. */
export interface SignalContact<Credential> {
  /** The id of its kite. */
  readonly id: string;
  /** What it has authenticated with. */
  readonly credential: Credential;
}

/** A page with a contact. */
export interface ContactSession<Peer, Credential> {
  readonly peer: Peer;
  /** The id of its kite. */
  readonly own: string;
  readonly contact: SignalContact<Credential>;
}

/** The connection of a page. */
interface ContactPeer {
  on(event: 'disconnect', listener: () => void): unknown;
}

/** The pages with which each connected page has begun sessions. A session does not end with the connection to Kontrol. */
export class SignalContacts<Peer extends ContactPeer, Credential> {
  readonly #contacts = new Map<Peer, Map<string, SignalContact<Credential> & { readonly own: string }>>();

  /**
   * Records a contact of the page with the kite `own` on this connection, until the connection ends. Returns the contact that it
   * replaces if there are too many.
   */
  add(
    peer: Peer,
    own: string,
    contact: SignalContact<Credential>,
  ): ContactSession<Peer, Credential> | undefined {
    let contacts = this.#contacts.get(peer);
    if (!contacts) {
      contacts = new Map();
      this.#contacts.set(peer, contacts);
      peer.on('disconnect', () => this.#contacts.delete(peer));
    }
    const key = JSON.stringify([own, contact.id]);
    contacts.delete(key);
    const [oldest] = contacts.keys();
    const replaced =
      contacts.size >= SIGNALLED_PAGES && oldest !== undefined ? contacts.get(oldest) : undefined;
    if (replaced && oldest !== undefined) contacts.delete(oldest);
    contacts.set(key, { ...contact, own });
    return replaced && { peer, own: replaced.own, contact: replaced };
  }

  /** Removes the contacts that match, and returns them. */
  take(matches: (credential: Credential) => boolean): ContactSession<Peer, Credential>[] {
    const taken: ContactSession<Peer, Credential>[] = [];
    for (const [peer, contacts] of this.#contacts) {
      for (const [key, contact] of contacts) {
        if (!matches(contact.credential)) continue;
        contacts.delete(key);
        taken.push({ peer, own: contact.own, contact });
      }
    }
    return taken;
  }
}
