import { systemClock } from '../lib/util/clock.js';
import type { RemoteKite } from '../lib/kite/kontrol/remote-kite.js';
import type { KiteEvent } from '../lib/kite/kontrol/kite-watch.js';
import { Detail } from './detail.js';
import { byId } from './dom.js';
import { connectionHint } from './connection-hint.js';
import { Pinger, type PingState } from './pinger.js';
import { parseRoute, type PageRoute } from './route.js';
import { showCount, showEmpty, showFilter, showMissing } from './list-notes.js';
import { arrange, takeRows, type Grouping, GROUPINGS, type Row } from './kite-rows.js';
import type { PageSession } from './session.js';
import { KiteTable } from './table.js';

/** Number of rows that are shown at first, and that each click on the button adds. */
const PAGE_SIZE = 500;
/** Milliseconds between updates of the ages. */
const AGE_INTERVAL = 1000;

interface ListedKite extends Row {
  readonly remote: RemoteKite;
}

/** The page of a user who is signed in: the list of kites, and the panel of one of them. */
export class Workspace {
  readonly #session: PageSession;
  readonly #rows = new Map<string, ListedKite>();
  readonly #visible = new Set<string>();
  readonly #pinger: Pinger;
  readonly #pings = new Map<string, PingState>();
  readonly #table: KiteTable;
  readonly #listeners = new AbortController();
  readonly #search = byId('search', HTMLInputElement);
  readonly #grouping = byId('grouping', HTMLSelectElement);
  readonly #ageTimer: number;
  #detail: Detail | undefined;
  /** Hash of the list that was shown last, to which the close button of a kite leads. */
  #listHash = '#/';
  #rowLimit = PAGE_SIZE;
  #scheduled = false;

  constructor(session: PageSession) {
    this.#session = session;
    this.#pinger = new Pinger({
      client: (id) => this.#rows.get(id)?.remote.client(),
      pinged: (id, ping) => this.#pinged(id, ping),
    });
    this.#table = new KiteTable({
      table: byId('kites', HTMLTableElement),
      visibilityChanged: (id, visible) => this.#visibilityChanged(id, visible),
    });
    this.#listen();
    this.#ageTimer = window.setInterval(() => this.#table.showAges(systemClock.now()), AGE_INTERVAL);
    this.render();
  }

  changed({ action, kite }: KiteEvent): void {
    const { id } = kite.kite;
    if (action !== 'DEREGISTER') {
      const { kite: identity, url, registeredAt, silentSince } = kite;
      const previous = this.#rows.get(id);
      this.#rows.set(id, { kite: identity, url, registeredAt, silentSince, remote: kite });
      if (previous && previous.url !== url) this.#pinger.renew(id);
    } else {
      this.#rows.delete(id);
      this.#pings.delete(id);
      this.#pinger.unwatch(id);
    }
    this.schedule();
  }

  printed(client: unknown, text: string): void {
    if (this.#detail?.isFrom(client)) this.#detail.print(text);
  }

  /** Renders once per frame, because many changes can arrive together. */
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
    this.#table.show(
      takeRows(groups, this.#rowLimit),
      grouping,
      route.type === 'kite' ? route.id : undefined,
    );
    for (const [id, ping] of this.#pings) this.#table.showPing(id, ping);
    const all = this.#rows.size;
    showCount(found, all, this.#rowLimit, PAGE_SIZE);
    showFilter(list);
    showEmpty(found, all, list);
    this.#showDetail(route);
  }

  close(): void {
    this.#listeners.abort();
    clearInterval(this.#ageTimer);
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
    const renderAgain = (): void => {
      this.#rowLimit = PAGE_SIZE;
      this.render();
    };
    this.#search.addEventListener(
      'input',
      () => {
        this.#rowLimit = PAGE_SIZE;
        this.schedule();
      },
      { signal },
    );
    this.#grouping.addEventListener('change', renderAgain, { signal });
    byId('tools', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault(), { signal });
    byId('more', HTMLButtonElement).addEventListener(
      'click',
      () => {
        this.#rowLimit += PAGE_SIZE;
        this.render();
      },
      { signal },
    );
    window.addEventListener('hashchange', renderAgain, { signal });
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

  #visibilityChanged(id: string, visible: boolean): void {
    if (visible) this.#visible.add(id);
    else this.#visible.delete(id);
    if (visible) this.#pinger.watch(id);
    else if (this.#detail?.row.kite.id !== id) this.#pinger.unwatch(id);
  }

  #pinged(id: string, ping: PingState): void {
    this.#pings.set(id, ping);
    this.#table.showPing(id, ping);
    if (this.#detail?.row.kite.id === id) this.#detail.showPing(ping);
  }

  #showDetail(route: PageRoute): void {
    const id = route.type === 'kite' ? route.id : undefined;
    if (this.#detail && this.#detail.row.kite.id !== id) this.#closeDetail();
    const entry = id === undefined ? undefined : this.#rows.get(id);
    if (this.#detail) this.#detail.showPresence(entry);
    else showMissing(route.type === 'kite' && !entry ? route.path : '');
    if (!entry || this.#detail) return;
    const panel = byId('detail', HTMLElement);
    this.#detail = new Detail({
      panel,
      row: entry,
      callable: entry.remote.token !== '',
      // The URL may have changed.
      client: () => (this.#rows.get(entry.kite.id) ?? entry).remote.client(),
      back: this.#listHash,
      hint: connectionHint(entry.url, location),
    });
    this.#detail.showPresence(entry);
    this.#pinger.watch(entry.kite.id);
    const ping = this.#pings.get(entry.kite.id);
    if (ping) this.#detail.showPing(ping);
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
    if (id === undefined) return;
    if (!this.#visible.has(id)) this.#pinger.unwatch(id);
    this.#table.focus(id);
  }
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  );
}
