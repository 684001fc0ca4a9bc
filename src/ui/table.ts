import { formatAge, formatMs } from './format.js';
import { element, setText } from './dom.js';
import type { PingState } from './pinger.js';
import { kiteHref, pathHref } from './route.js';
import type { Group, Grouping, Row } from './rows.js';

/** A row in the page, made when its kite is first shown. */
interface TableRow {
  readonly tr: HTMLTableRowElement;
  readonly link: HTMLAnchorElement;
  readonly since: HTMLElement;
  readonly latency: HTMLElement;
  row: Row;
}

export interface TableOptions {
  readonly table: HTMLTableElement;
  /** The rows that came into sight or went out of it. */
  readonly seen: (id: string, inSight: boolean) => void;
}

/** The table of kites. It changes what is different, so that a row that is read, or has the focus, stays where it is. */
export class KiteTable {
  readonly #table: HTMLTableElement;
  readonly #shown = new Map<string, TableRow>();
  readonly #bodies = new Map<string, HTMLTableSectionElement>();
  readonly #observer: IntersectionObserver;

  constructor({ table, seen }: TableOptions) {
    this.#table = table;
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const { id } = (target as HTMLElement).dataset;
        if (id !== undefined) seen(id, isIntersecting);
      }
    });
    table.addEventListener('keydown', (event) => this.#move(event));
  }

  /** Shows these rows, in this order, and no others. */
  show(groups: readonly Group[], grouping: Grouping, selected: string | undefined): void {
    const wanted = new Set(groups.flatMap(({ rows }) => rows.map(({ kite }) => kite.id)));
    for (const [id, { tr }] of this.#shown) {
      if (wanted.has(id)) continue;
      this.#observer.unobserve(tr);
      tr.remove();
      this.#shown.delete(id);
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

  /** Shows what pinging a kite has told. */
  pinged(id: string, pinged: PingState): void {
    const shown = this.#shown.get(id);
    if (shown) showPing(shown.latency, pinged);
  }

  /** Shows how long the kites have been there by now. */
  tick(now: number): void {
    for (const { row, since } of this.#shown.values()) showAge(since, row, now);
  }

  /** Moves the focus to the link of a kite. */
  focus(id: string): void {
    this.#shown.get(id)?.link.focus();
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
      const { tr, link } = this.#row(row);
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
    const known = this.#shown.get(id);
    if (known?.row === row) return known;
    const made = makeRow(row);
    showAge(made.since, row, Date.now());
    if (known) {
      this.#observer.unobserve(known.tr);
      known.tr.replaceWith(made.tr);
    }
    this.#shown.set(id, made);
    this.#observer.observe(made.tr);
    return made;
  }

  /** Arrows go from kite to kite. */
  #move(event: KeyboardEvent): void {
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
  const link = element('a', { class: 'kite', href: kiteHref(kite) }, kite.name);
  const since = cell('Since', '');
  const latency = cell('Latency', '…');
  latency.classList.add('number');
  const tr = element(
    'tr',
    { role: 'row', 'data-id': kite.id },
    element('th', { role: 'rowheader', scope: 'row' }, link),
    cell('User', filterLink(`/${kite.username}`, kite.username)),
    cell('Environment', filterLink(`/${kite.username}/${kite.environment}`, kite.environment)),
    cell('Version', kite.version),
    cell('Region', kite.region),
    cell('Host', kite.hostname),
    since,
    latency,
  );
  return { tr, link, since, latency, row };
}

/** Where the table has no room for columns, each cell says what it is. */
function cell(label: string, content: string | Node): HTMLTableCellElement {
  return element('td', { role: 'cell', 'data-label': label }, content);
}

function filterLink(path: string, text: string): HTMLAnchorElement {
  return element('a', { class: 'narrow', href: pathHref(path), title: `Only ${path}` }, text);
}

/** A row for the name of a group, and the cell that the name goes into. */
function groupTitle(body: HTMLTableSectionElement): HTMLElement {
  const title = element('th', { role: 'rowheader', scope: 'rowgroup', colspan: '8' });
  body.prepend(element('tr', { class: 'group', role: 'row' }, title));
  return title;
}

function showAge(since: HTMLElement, { registeredAt }: Row, now: number): void {
  setText(since, registeredAt === undefined ? 'unknown' : formatAge(now - registeredAt));
  if (registeredAt !== undefined) since.title = new Date(registeredAt).toLocaleString();
}

/** In words too, for who does not see colours. */
export function showPing(node: HTMLElement, pinged: PingState): void {
  node.dataset['state'] = pinged.type;
  node.removeAttribute('title');
  switch (pinged.type) {
    case 'waiting':
      return setText(node, '…');
    case 'answered':
      return setText(node, formatMs(pinged.ms));
    case 'page':
      node.title = 'A page in a browser: pages reach it over WebRTC';
      return setText(node, 'a page');
    case 'failed':
      node.title = pinged.problem;
      return setText(node, 'no answer');
  }
}
