import type { KiteEvent } from '../lib/kite/kontrol/kite-watch.js';
import { messageOf } from '../lib/util/message-of.js';
import { byId, setText } from './dom.js';
import { parseRoute } from './route.js';
import { Session, type SessionListener, type SessionOptions } from './session.js';
import { Workspace } from './workspace.js';

/** The whole page: signed out, or at work. */
class Page {
  #work: Workspace | undefined;

  constructor() {
    setText(byId('host', HTMLElement), location.host);
    byId('sign-out', HTMLButtonElement).addEventListener('click', () => this.#signOut());
    byId('key-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#signInWithKey();
    });
    byId('key-file', HTMLInputElement).addEventListener('change', () => void this.#signInWithKey());
    window.addEventListener('hashchange', () => void this.#follow());
  }

  /** Goes by the address: the code in it, where there is one, is used and taken out. */
  async #follow(): Promise<void> {
    const route = parseRoute(location.hash);
    if (route.type !== 'sign-in') return;
    history.replaceState(null, '', '#/');
    this.#work?.close();
    this.#work = undefined;
    this.#show('out');
    await this.#signIn((options) => Session.withCode(route.code, options));
  }

  async start(): Promise<void> {
    this.#show('out');
    await this.#follow();
  }

  async #signInWithKey(): Promise<void> {
    const file = byId('key-file', HTMLInputElement);
    const text = byId('key-text', HTMLInputElement);
    const key = (text.value || (await file.files?.[0]?.text()) || '').trim();
    // Neither stays where somebody might find it.
    file.value = '';
    text.value = '';
    if (key === '') {
      this.#trouble('Choose the file of your kite key, or paste its content.');
      text.focus();
      return;
    }
    await this.#signIn((options) => Session.withKey(key, options));
  }

  async #signIn(open: (options: SessionOptions) => Promise<Session>): Promise<void> {
    this.#trouble('');
    const form = byId('key-form', HTMLFormElement);
    form.inert = true;
    const early: KiteEvent[] = [];
    let work: Workspace | undefined;
    const listener: SessionListener = {
      connected: (connected) => this.#connected(connected),
      changed: (event) => (work ? work.changed(event) : void early.push(event)),
      failed: (problem) => this.#connected(false, problem),
      printed: ({ client }, text) => work?.printed(client, text),
    };
    try {
      const url = new URL('/kite', location.href).href;
      const session = await open({ url, version: '1.0.0', listener });
      this.#work?.close();
      work = new Workspace(session);
      this.#work = work;
      for (const event of early) work.changed(event);
      setText(byId('username', HTMLElement), session.username);
      this.#connected(true);
      this.#show('in');
      work.render();
    } catch (error) {
      this.#trouble(messageOf(error));
    } finally {
      form.inert = false;
    }
  }

  #signOut(): void {
    this.#work?.close();
    this.#work = undefined;
    this.#show('out');
    byId('key-text', HTMLInputElement).focus();
  }

  #trouble(text: string): void {
    const trouble = byId('trouble', HTMLElement);
    trouble.hidden = text === '';
    setText(trouble, text);
  }

  #connected(connected: boolean, problem = ''): void {
    const status = byId('connection', HTMLElement);
    status.dataset['state'] = connected ? 'connected' : 'lost';
    setText(status, connected ? 'Connected' : problem || 'Connection lost. Trying again…');
  }

  #show(state: 'in' | 'out'): void {
    byId('signed-out', HTMLElement).hidden = state === 'in';
    byId('signed-in', HTMLElement).hidden = state === 'out';
    byId('account', HTMLElement).hidden = state === 'out';
    byId('connection', HTMLElement).hidden = state === 'out';
    document.body.classList.toggle('with-detail', false);
  }
}

void new Page().start();
