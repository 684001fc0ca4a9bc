import type { KiteEvent } from '../lib/kite/kontrol/kite-watch.js';
import { messageOf } from '../lib/util/message-of.js';
import { byId, setText } from './dom.js';
import { openedByOtherOrigin, type PageOpening, signInQuestion } from './link-opener.js';
import { parseRoute } from './route.js';
import { PageSession, type SessionListener, type SessionOptions } from './session.js';
import { Workspace } from './workspace.js';

/** The page: the sign-in form, or the workspace of a user. */
class Page {
  #workspace: Workspace | undefined;
  /** The user who is signed in. */
  #username: string | undefined;

  constructor() {
    setText(byId('host', HTMLElement), location.host);
    byId('sign-out', HTMLButtonElement).addEventListener('click', () => this.#signOut());
    byId('key-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#signInWithKey();
    });
    byId('key-file', HTMLInputElement).addEventListener('change', () => void this.#signInWithKey());
    window.addEventListener('hashchange', () => void this.#signInWithLink(true));
  }

  /** Signs in if the URL contains a sign-in code, and removes the code from the URL. `ask`: only if the user agrees. */
  async #signInWithLink(ask: boolean): Promise<void> {
    const route = parseRoute(location.hash);
    if (route.type !== 'sign-in') return;
    history.replaceState(null, '', '#/');
    // Any page can open a link in this tab, also one that signs in as somebody else.
    if (ask && !confirm(signInQuestion(this.#username))) return;
    this.#workspace?.close();
    this.#workspace = undefined;
    this.#username = undefined;
    this.#show('out');
    await this.#signIn((options) => PageSession.withCode(route.code, options));
  }

  async start(): Promise<void> {
    this.#show('out');
    await this.#signInWithLink(openedByOtherOrigin(pageOpening()));
  }

  async #signInWithKey(): Promise<void> {
    const file = byId('key-file', HTMLInputElement);
    const text = byId('key-text', HTMLInputElement);
    const key = (text.value || (await file.files?.[0]?.text()) || '').trim();
    // The key must not stay in the form.
    file.value = '';
    text.value = '';
    if (key === '') {
      this.#showError('Choose the file of your kite key, or paste its content.');
      text.focus();
      return;
    }
    await this.#signIn((options) => PageSession.withKey(key, options));
  }

  async #signIn(open: (options: SessionOptions) => Promise<PageSession>): Promise<void> {
    this.#showError('');
    const form = byId('key-form', HTMLFormElement);
    form.inert = true;
    const early: KiteEvent[] = [];
    let workspace: Workspace | undefined;
    const listener: SessionListener = {
      connected: (connected) => this.#connected(connected),
      changed: (event) => (workspace ? workspace.changed(event) : void early.push(event)),
      failed: (problem) => this.#connected(false, problem),
      printed: ({ client }, text) => workspace?.printed(client, text),
    };
    try {
      const url = new URL('/kite', location.href).href;
      const session = await open({ url, version: '1.0.0', listener });
      this.#workspace?.close();
      workspace = new Workspace(session);
      this.#workspace = workspace;
      for (const event of early) workspace.changed(event);
      this.#username = session.username;
      setText(byId('username', HTMLElement), session.username);
      this.#connected(true);
      this.#show('in');
      workspace.render();
    } catch (error) {
      this.#showError(messageOf(error));
    } finally {
      form.inert = false;
    }
  }

  #signOut(): void {
    this.#workspace?.close();
    this.#workspace = undefined;
    this.#username = undefined;
    this.#show('out');
    byId('key-text', HTMLInputElement).focus();
  }

  /** Shows why the sign-in failed. An empty string hides the message. */
  #showError(text: string): void {
    const error = byId('sign-in-error', HTMLElement);
    error.hidden = text === '';
    setText(error, text);
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

function pageOpening(): PageOpening {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const site = navigation?.serverTiming?.find(({ name }) => name === 'site')?.description;
  return { origin: location.origin, referrer: document.referrer, fetchSite: site || undefined };
}

void new Page().start();
