import { systemClock } from '../lib/util/clock.js';
import { formatAge, formatMs } from './format.js';
import { element, setText } from './dom.js';
import type { PingState } from './pinger.js';
import { formatQueryPath, type KiteQuery } from '../lib/protocol/query.js';
import { fieldsHref, kiteHref } from './route.js';
import type { Group, Grouping, Row } from './kite-rows.js';

/** The elements of a row, created when its kite is first shown. */
interface TableRow {
  readonly tr: HTMLTableRowElement;
  readonly link: HTMLAnchorElement;
  readonly age: HTMLElement;
  readonly latency: HTMLElement;
  row: Row;
}

export interface PageTableOptions {
  readonly table: HTMLTableElement;
  /** Called when a row has become visible or invisible. */
  readonly visibilityChanged: (id: string, visible: boolean) => void;
}

/** The table of kites. It changes only rows that differ, so that the focus and the reading position are kept. */
export class KiteTable {
  readonly #table: HTMLTableElement;
  readonly #rows = new Map<string, TableRow>();
  readonly #bodies = new Map<string, HTMLTableSectionElement>();
  readonly #observer: IntersectionObserver;

  constructor({ table, visibilityChanged }: PageTableOptions) {
    this.#table = table;
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const { id } = (target as HTMLElement).dataset;
        if (id !== undefined) visibilityChanged(id, isIntersecting);
      }
    });
    table.addEventListener('keydown', (event) => this.#moveFocus(event));
  }

  /** Shows exactly these rows, in this order. */
  show(groups: readonly Group[], grouping: Grouping, selected: string | undefined): void {
    const ids = new Set(groups.flatMap(({ rows }) => rows.map(({ kite }) => kite.id)));
    for (const [id, { tr }] of this.#rows) {
      if (ids.has(id)) continue;
      this.#observer.unobserve(tr);
      tr.remove();
      this.#rows.delete(id);
    }
    const headings = new Set(groups.map(({ heading }) => heading));
    for (const [heading, body] of this.#bodies) {
      if (headings.has(heading)) continue;
      body.remove();
      this.#bodies.delete(heading);
    }
    let before: Element | null = this.#table.tHead;
    for (const group of groups) {
      const body = this.#body(group, grouping);
      if (body.previousElementSibling !== before) before?.after(body);
      this.#fill(body, group.rows, selected);
      before = body;
    }
    this.#table.hidden = groups.length === 0;
  }

  /** Shows the result of a ping. */
  showPing(id: string, ping: PingState): void {
    const row = this.#rows.get(id);
    if (row) showPing(row.latency, ping);
  }

  /** Updates the ages of the kites. */
  showAges(now: number): void {
    for (const { row, age } of this.#rows.values()) showAge(age, row, now);
  }

  /** Moves the focus to the link of a kite. */
  focus(id: string): void {
    this.#rows.get(id)?.link.focus();
  }

  close(): void {
    this.#observer.disconnect();
    this.show([], 'none', undefined);
  }

  #body({ heading, rows }: Group, grouping: Grouping): HTMLTableSectionElement {
    let body = this.#bodies.get(heading);
    if (!body) {
      body = element('tbody', { role: 'rowgroup' });
      this.#bodies.set(heading, body);
    }
    const title = body.querySelector('.group > th');
    if (grouping === 'none') title?.parentElement?.remove();
    else setText(title ?? groupTitle(body), `${heading} (${rows.length})`);
    return body;
  }

  #fill(body: HTMLTableSectionElement, rows: readonly Row[], selected: string | undefined): void {
    let next: Element | null = body.firstElementChild;
    if (next?.classList.contains('group')) next = next.nextElementSibling;
    for (const row of rows) {
      const before = this.#rows.get(row.kite.id)?.tr;
      const { tr, link } = this.#row(row);
      // A row whose kite has changed is another element at the same place.
      if (before === next) next = tr;
      if (tr === next) next = next.nextElementSibling;
      else body.insertBefore(tr, next);
      const isSelected = row.kite.id === selected;
      tr.classList.toggle('selected', isSelected);
      if (isSelected) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

  #row(row: Row): TableRow {
    const { id } = row.kite;
    const previous = this.#rows.get(id);
    if (previous?.row === row) return previous;
    const created = makeRow(row);
    showAge(created.age, row, systemClock.now());
    if (previous) {
      this.#observer.unobserve(previous.tr);
      previous.tr.replaceWith(created.tr);
    }
    this.#rows.set(id, created);
    this.#observer.observe(created.tr);
    return created;
  }

  /** Moves the focus between kites with the arrow keys. */
  #moveFocus(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || !(event.target instanceof HTMLAnchorElement)) return;
    const links = Array.from(this.#table.querySelectorAll<HTMLAnchorElement>('a.kite'));
    const next = links[links.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

function makeRow(row: Row): TableRow {
  const { kite } = row;
  const { username, environment } = kite;
  const link = element('a', { class: 'kite', href: kiteHref(kite) }, kite.name);
  const age = cell('Since', '');
  const latency = cell('Latency', '…');
  latency.classList.add('number');
  const tr = element(
    'tr',
    { role: 'row', 'data-id': kite.id },
    element('th', { role: 'rowheader', scope: 'row' }, link),
    cell('User', filterLink({ username }, username)),
    cell('Environment', filterLink({ username, environment }, environment)),
    cell('Version', kite.version),
    cell('Region', kite.region),
    cell('Host', kite.hostname),
    age,
    latency,
  );
  return { tr, link, age, latency, row };
}

/** Creates a cell. A narrow page shows the label in the cell instead of a column heading. */
function cell(label: string, content: string | Node): HTMLTableCellElement {
  return element('td', { role: 'cell', 'data-label': label }, content);
}

function filterLink(fields: KiteQuery, text: string): HTMLAnchorElement {
  const title = `Only ${formatQueryPath(fields)}`;
  return element('a', { class: 'narrow', href: fieldsHref(fields), title }, text);
}

/** Adds the heading row of a group. Returns its cell. */
function groupTitle(body: HTMLTableSectionElement): HTMLElement {
  const title = element('th', { role: 'rowheader', scope: 'rowgroup', colspan: '8' });
  body.prepend(element('tr', { class: 'group', role: 'row' }, title));
  return title;
}

function showAge(node: HTMLElement, { registeredAt, silentSince }: Row, now: number): void {
  const age = registeredAt === undefined ? 'unknown' : formatAge(now - registeredAt);
  setText(node, silentSince === undefined ? age : `${age}, silent for ${formatAge(now - silentSince)}`);
  if (registeredAt !== undefined) node.title = new Date(registeredAt).toLocaleString();
}

/** Shows the result of a ping as text, in addition to the color. */
export function showPing(node: HTMLElement, ping: PingState): void {
  node.dataset['state'] = ping.type;
  node.removeAttribute('title');
  switch (ping.type) {
    case 'waiting':
      return setText(node, '…');
    case 'answered':
      return setText(node, formatMs(ping.ms));
    case 'page':
      node.title = 'A page in a browser, which only other pages can reach, over WebRTC';
      return setText(node, 'a page');
    case 'failed':
      node.title = ping.problem;
      return setText(node, 'no response');
  }
}
