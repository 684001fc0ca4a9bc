import type { RemoteKite } from '../lib/kite/kontrol/remote-kite.js';
import type { KiteEvent } from '../lib/kite/kontrol/kite-watch.js';
import { Detail } from './detail.js';
import { byId } from './dom.js';
import { connectionHint } from './connection-hint.js';
import { Pinger, type PingState } from './pinger.js';
import { parseRoute, type Route } from './route.js';
import { showCount, showEmpty, showFilter, showMissing } from './list-notes.js';
import { arrange, takeRows, type Grouping, GROUPINGS, type Row } from './rows.js';
import type { Session } from './session.js';
import { KiteTable } from './table.js';

/** Rows that are in the page at once, and how many more there are with each click. */
const PAGE_SIZE = 500;
const TICK = 1000;

interface ListedKite extends Row {
  readonly remote: RemoteKite;
}

/** The page while somebody is signed in. */
export class Workspace {
  readonly #session: Session;
  readonly #rows = new Map<string, ListedKite>();
  readonly #inSight = new Set<string>();
  readonly #pinger: Pinger;
  readonly #pings = new Map<string, PingState>();
  readonly #table: KiteTable;
  readonly #listeners = new AbortController();
  readonly #search = byId('search', HTMLInputElement);
  readonly #grouping = byId('grouping', HTMLSelectElement);
  readonly #ticker: number;
  #detail: Detail | undefined;
  /** Of the list that was last shown: where closing a kite leads. */
  #listHash = '#/';
  #most = PAGE_SIZE;
  #scheduled = false;

  constructor(session: Session) {
    this.#session = session;
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
    }
    this.schedule();
  }

  printed(client: unknown, text: string): void {
    if (this.#detail?.isFrom(client)) this.#detail.print(text);
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
    this.#table.show(takeRows(groups, this.#most), grouping, route.type === 'kite' ? route.id : undefined);
    for (const [id, pinged] of this.#pings) this.#table.pinged(id, pinged);
    const all = this.#rows.size;
    showCount(found, all, this.#most, PAGE_SIZE);
    showFilter(list);
    showEmpty(found, all, list);
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
      this.#most = PAGE_SIZE;
      this.render();
    };
    this.#search.addEventListener(
      'input',
      () => {
        this.#most = PAGE_SIZE;
        this.schedule();
      },
      { signal },
    );
    this.#grouping.addEventListener('change', again, { signal });
    byId('tools', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault(), { signal });
    byId('more', HTMLButtonElement).addEventListener(
      'click',
      () => {
        this.#most += PAGE_SIZE;
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
    if (inSight) this.#inSight.add(id);
    else this.#inSight.delete(id);
    if (inSight) this.#pinger.watch(id);
    else if (this.#detail?.row.kite.id !== id) this.#pinger.unwatch(id);
  }

  #pinged(id: string, pinged: PingState): void {
    this.#pings.set(id, pinged);
    this.#table.pinged(id, pinged);
    if (this.#detail?.row.kite.id === id) this.#detail.pinged(pinged);
  }

  #showDetail(route: Route): void {
    const id = route.type === 'kite' ? route.id : undefined;
    if (this.#detail && this.#detail.row.kite.id !== id) this.#closeDetail();
    const entry = id === undefined ? undefined : this.#rows.get(id);
    if (this.#detail) this.#detail.showPresence(entry !== undefined);
    else showMissing(route.type === 'kite' && !entry ? route.path : '');
    if (!entry || this.#detail) return;
    const panel = byId('detail', HTMLElement);
    this.#detail = new Detail({
      panel,
      row: entry,
      callable: entry.remote.token !== '',
      // It may have moved since.
      client: () => (this.#rows.get(entry.kite.id) ?? entry).remote.client(),
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
    if (id === undefined) return;
    if (!this.#inSight.has(id)) this.#pinger.unwatch(id);
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
