import { IDENTITY_FIELDS, type KiteIdentity } from '../lib/protocol/identity.js';
import { queryMatcher } from '../lib/protocol/query.js';
import type { Route } from './route.js';

/** A kite that is registered, as the table shows it. */
export interface Row {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Milliseconds since 1970; undefined where Kontrol does not say. */
  readonly registeredAt: number | undefined;
}

export const GROUPINGS = ['none', 'username', 'environment', 'name'] as const;

export type Grouping = (typeof GROUPINGS)[number];

/** Rows under one heading. */
export interface Group<Item extends Row = Row> {
  /** What they have in common; empty where there are no groups. */
  readonly heading: string;
  readonly rows: readonly Item[];
}

export interface View {
  readonly route: Route;
  /** What the person searches for: words, all of which have to be somewhere in a row. */
  readonly search: string;
  readonly grouping: Grouping;
}

/** The rows that the person wants to see, in the order in which they want them. */
export function arrange<Item extends Row>(rows: Iterable<Item>, view: View): readonly Group<Item>[] {
  const wanted = Array.from(rows).filter(makeFilter(view));
  const { grouping } = view;
  wanted.sort((a, b) => compare(a, b, grouping));
  if (grouping === 'none') return wanted.length === 0 ? [] : [{ heading: '', rows: wanted }];
  const groups = new Map<string, Item[]>();
  for (const row of wanted) {
    const heading = row.kite[grouping];
    const others = groups.get(heading);
    if (others) others.push(row);
    else groups.set(heading, [row]);
  }
  return Array.from(groups, ([heading, members]) => ({ heading, rows: members }));
}

/** As many rows of the groups as there is room for. */
export function takeRows<Item extends Row>(
  groups: readonly Group<Item>[],
  most: number,
): readonly Group<Item>[] {
  let left = most;
  const first: Group<Item>[] = [];
  for (const { heading, rows } of groups) {
    if (left <= 0) break;
    first.push({ heading, rows: rows.slice(0, left) });
    left -= rows.length;
  }
  return first;
}

function makeFilter({ route, search }: View): (row: Row) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (route.type === 'wrong') return () => false;
  const asked = route.type === 'query' ? queryMatcher(route.query) : undefined;
  return (row) => {
    if (asked && !asked(row.kite)) return false;
    if (words.length === 0) return true;
    const text = searchableText(row);
    return words.every((word) => text.includes(word));
  };
}

function searchableText({ kite, url }: Row): string {
  return `/${IDENTITY_FIELDS.map((field) => kite[field]).join('/')} ${url}`.toLowerCase();
}

const ORDER = ['name', 'username', 'environment', 'version', 'region', 'hostname', 'id'] as const;

// Made once: comparing texts by `localeCompare` takes twenty times as long.
const collator = new Intl.Collator('en', { numeric: true });

function compare(a: Row, b: Row, grouping: Grouping): number {
  const fields = grouping === 'none' ? ORDER : [grouping, ...ORDER];
  for (const field of fields) {
    const order = collator.compare(a.kite[field], b.kite[field]);
    if (order !== 0) return order;
  }
  return 0;
}
