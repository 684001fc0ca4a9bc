import { SIGNALLED_PAGES } from '../limits/kontrol-limits.js';

/** A page to which another page may have a session. */
export interface SignalContact<Credential> {
  /** The id of its kite. */
  readonly id: string;
  /** What it has authenticated with. */
  readonly credential: Credential;
}

/** The connection of a page. */
interface ContactPeer {
  on(event: 'disconnect', listener: () => void): unknown;
}

/** The pages with which each connected page has begun sessions. A session does not end with the connection to Kontrol. */
export class SignalContacts<Peer extends ContactPeer, Credential> {
  readonly #contacts = new Map<Peer, Map<string, SignalContact<Credential> & { readonly own: string }>>();

  /** Records a contact of the page with the kite `own` on this connection, until the connection ends. */
  add(peer: Peer, own: string, contact: SignalContact<Credential>): void {
    let contacts = this.#contacts.get(peer);
    if (!contacts) {
      contacts = new Map();
      this.#contacts.set(peer, contacts);
      peer.on('disconnect', () => this.#contacts.delete(peer));
    }
    const key = JSON.stringify([own, contact.id]);
    contacts.delete(key);
    const [oldest] = contacts.keys();
    if (contacts.size >= SIGNALLED_PAGES && oldest !== undefined) contacts.delete(oldest);
    contacts.set(key, { ...contact, own });
  }

  /** Removes the contacts that match. Returns them with their connections, and the ids of the kites there. */
  take(
    matches: (credential: Credential) => boolean,
  ): { readonly peer: Peer; readonly own: string; readonly contact: SignalContact<Credential> }[] {
    const taken = [];
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
