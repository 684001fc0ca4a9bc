import type { RemoteKite } from '../lib/kite/kontrol/remote-kite.js';
import type { KiteEvent } from '../lib/kite/kontrol/watch.js';
import { Detail } from './detail.js';
import { byId, setText } from './dom.js';
import { connectionHint } from './connection-hint.js';
import { Pinger, type Pinged } from './pinger.js';
import { parseRoute, type Route } from './route.js';
import { arrange, type Group, type Grouping, GROUPINGS, type Row } from './rows.js';
import { Session, type SessionListener, type SessionOptions } from './session.js';
import { KiteTable } from './table.js';

/** Rows that are in the page at once, and how many more there are with each click. */
const PAGE = 500;
const TICK = 1000;

interface Entry extends Row {
  readonly remote: RemoteKite;
}

/** The page while somebody is signed in. */
class Work {
  readonly #session: Session;
  readonly #rows: Map<string, Entry>;
  readonly #pinger: Pinger;
  readonly #pings = new Map<string, Pinged>();
  readonly #table: KiteTable;
  readonly #listeners = new AbortController();
  readonly #search = byId('search', HTMLInputElement);
  readonly #grouping = byId('grouping', HTMLSelectElement);
  readonly #ticker: number;
  #detail: Detail | undefined;
  /** Of the list that was last shown: where closing a kite leads. */
  #listHash = '#/';
  #most = PAGE;
  #scheduled = false;

  constructor(session: Session, rows: Map<string, Entry>) {
    this.#session = session;
    this.#rows = rows;
    this.#pinger = new Pinger({
      client: (id) => this.#rows.get(id)?.remote.client(),
      pinged: (id, pinged) => this.#pinged(id, pinged),
    });
    this.#table = new KiteTable({
      table: byId('kites', HTMLTableElement),
      seen: (id, inSight) => this.#seen(id, inSight),
    });
    this.#listen();
    this.#ticker = window.setInterval(() => this.#table.tick(Date.now()), TICK);
    this.render();
  }

  changed({ action, kite }: KiteEvent): void {
    const { id } = kite.kite;
    if (action === 'REGISTER') {
      const { kite: identity, url, registeredAt } = kite;
      const known = this.#rows.get(id);
      this.#rows.set(id, { kite: identity, url, registeredAt, remote: kite });
      if (known && known.url !== url) this.#pinger.renew(id);
    } else {
      this.#rows.delete(id);
      this.#pings.delete(id);
      this.#pinger.unwatch(id);
      if (this.#detail?.row.kite.id === id) this.#detail.leave();
    }
    this.schedule();
  }

  said(client: unknown, text: string): void {
    if (this.#detail?.isFrom(client)) this.#detail.say(text);
  }

  /** Shows changes together: they come in crowds. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (!this.#listeners.signal.aborted) this.render();
    });
  }

  render(): void {
    const route = parseRoute(location.hash);
    if (route.type !== 'kite' && route.type !== 'sign-in') this.#listHash = location.hash || '#/';
    const list = route.type === 'kite' ? parseRoute(this.#listHash) : route;
    const grouping = this.#groupingOf();
    const groups = arrange(this.#rows.values(), { route: list, search: this.#search.value, grouping });
    const found = groups.reduce((sum, { rows }) => sum + rows.length, 0);
    this.#table.show(firstOf(groups, this.#most), grouping, route.type === 'kite' ? route.id : undefined);
    for (const [id, pinged] of this.#pings) this.#table.pinged(id, pinged);
    this.#showCount(found);
    showFilter(list);
    this.#showEmpty(found, list);
    this.#showDetail(route);
  }

  close(): void {
    this.#listeners.abort();
    clearInterval(this.#ticker);
    this.#detail?.close();
    this.#table.close();
    this.#pinger.close();
    this.#session.close();
    this.#search.value = '';
    document.title = 'Kontrol';
  }

  #groupingOf(): Grouping {
    return GROUPINGS.find((grouping) => grouping === this.#grouping.value) ?? 'none';
  }

  #listen(): void {
    const { signal } = this.#listeners;
    const again = (): void => {
      this.#most = PAGE;
      this.render();
    };
    this.#search.addEventListener(
      'input',
      () => {
        this.#most = PAGE;
        this.schedule();
      },
      { signal },
    );
    this.#grouping.addEventListener('change', again, { signal });
    byId('tools', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault(), { signal });
    byId('more', HTMLButtonElement).addEventListener(
      'click',
      () => {
        this.#most += PAGE;
        this.render();
      },
      { signal },
    );
    window.addEventListener('hashchange', again, { signal });
    document.addEventListener('keydown', (event) => this.#key(event), { signal });
    document.addEventListener('visibilitychange', () => this.#pinger.pause(document.hidden), { signal });
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === '/' && !isTyping(event.target)) {
      event.preventDefault();
      this.#search.focus();
    } else if (event.key === 'Escape') {
      if (this.#detail) location.hash = this.#listHash;
      else if (this.#search.value !== '') {
        this.#search.value = '';
        this.render();
      }
    }
  }

  #seen(id: string, inSight: boolean): void {
    if (inSight) this.#pinger.watch(id);
    else if (this.#detail?.row.kite.id !== id) this.#pinger.unwatch(id);
  }

  #pinged(id: string, pinged: Pinged): void {
    this.#pings.set(id, pinged);
    this.#table.pinged(id, pinged);
    if (this.#detail?.row.kite.id === id) this.#detail.pinged(pinged);
  }

  #showCount(found: number): void {
    const all = this.#rows.size;
    const what = `${all} ${all === 1 ? 'kite' : 'kites'}`;
    setText(byId('count', HTMLElement), found === all ? what : `${found} of ${what}`);
    const more = byId('more', HTMLButtonElement);
    more.hidden = found <= this.#most;
    setText(more, `Show ${Math.min(PAGE, found - this.#most)} more of ${found}`);
  }

  #showEmpty(found: number, route: Route): void {
    const empty = byId('empty', HTMLElement);
    empty.hidden = found > 0;
    if (found > 0) return;
    const command = byId('empty-command', HTMLElement);
    const none = this.#rows.size === 0;
    command.hidden = !none;
    if (none) {
      setText(byId('empty-heading', HTMLElement), 'No kite is registered');
      setText(byId('empty-text', HTMLElement), 'As soon as one is, it appears here. To have one:');
      setText(
        command.firstElementChild ?? command,
        'kitectl serve --name hello --method hi --exec \'echo \\"hi\\"\' --register',
      );
    } else {
      setText(byId('empty-heading', HTMLElement), 'No kite fits');
      const wrong = route.type === 'wrong' ? `${route.problem}. ` : '';
      setText(byId('empty-text', HTMLElement), `${wrong}Search for something else, or show all.`);
    }
  }

  #showDetail(route: Route): void {
    const id = route.type === 'kite' ? route.id : undefined;
    if (this.#detail && this.#detail.row.kite.id !== id) this.#closeDetail();
    if (route.type !== 'kite' || this.#detail) return;
    const entry = this.#rows.get(route.id);
    setText(byId('trouble-kite', HTMLElement), entry ? '' : `There is no kite ${route.path} now.`);
    byId('trouble-kite', HTMLElement).hidden = entry !== undefined;
    if (!entry) return;
    const panel = byId('detail', HTMLElement);
    this.#detail = new Detail({
      panel,
      row: entry,
      callable: entry.remote.token !== '',
      client: () => entry.remote.client(),
      back: this.#listHash,
      hint: connectionHint(entry.url, location),
    });
    this.#pinger.watch(entry.kite.id);
    const known = this.#pings.get(entry.kite.id);
    if (known) this.#detail.pinged(known);
    document.title = `${entry.kite.name} – Kontrol`;
    document.body.classList.add('with-detail');
    panel.focus();
  }

  #closeDetail(): void {
    const id = this.#detail?.row.kite.id;
    this.#detail?.close();
    this.#detail = undefined;
    document.title = 'Kontrol';
    document.body.classList.remove('with-detail');
    if (id !== undefined) this.#table.focus(id);
  }
}

/** The whole page: signed out, or at work. */
class Page {
  #work: Work | undefined;

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
    const rows = new Map<string, Entry>();
    const early: KiteEvent[] = [];
    let work: Work | undefined;
    const listener: SessionListener = {
      connected: (connected) => this.#connected(connected),
      changed: (event) => (work ? work.changed(event) : void early.push(event)),
      troubled: (problem) => this.#connected(false, problem),
      said: ({ client }, text) => work?.said(client, text),
    };
    try {
      const url = new URL('/kite', location.href).href;
      const session = await open({ url, version: '1.0.0', listener });
      this.#work?.close();
      work = new Work(session, rows);
      this.#work = work;
      for (const event of early) work.changed(event);
      setText(byId('username', HTMLElement), session.username);
      this.#connected(true);
      this.#show('in');
      work.render();
    } catch (error) {
      this.#trouble(error instanceof Error ? error.message : String(error));
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

function showFilter(route: Route): void {
  const filter = byId('filter', HTMLElement);
  filter.hidden = route.type !== 'query' && route.type !== 'wrong';
  if (route.type === 'query' || route.type === 'wrong') setText(byId('filter-path', HTMLElement), route.path);
}

/** As many rows of the groups as there is room for. */
function firstOf(groups: readonly Group<Entry>[], most: number): readonly Group<Entry>[] {
  let left = most;
  const first: Group<Entry>[] = [];
  for (const { heading, rows } of groups) {
    if (left <= 0) break;
    first.push({ heading, rows: rows.slice(0, left) });
    left -= rows.length;
  }
  return first;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  );
}

void new Page().start();
