import { byId, setText } from './dom.js';
import type { Route } from './route.js';

/** How many kites there are, of how many; `more` is how many the next click shows. */
export function showCount(found: number, all: number, shown: number, more: number): void {
  const what = `${all} ${all === 1 ? 'kite' : 'kites'}`;
  setText(byId('count', HTMLElement), found === all ? what : `${found} of ${what}`);
  const button = byId('more', HTMLButtonElement);
  button.hidden = found <= shown;
  setText(button, `Show ${Math.min(more, found - shown)} more of ${found}`);
}

/** Which path the list is narrowed to. */
export function showFilter(route: Route): void {
  const filter = byId('filter', HTMLElement);
  filter.hidden = route.type !== 'query' && route.type !== 'wrong';
  if (route.type === 'query' || route.type === 'wrong') setText(byId('filter-path', HTMLElement), route.path);
}

/** What to do where there is nothing to see. */
export function showEmpty(found: number, all: number, route: Route): void {
  byId('empty', HTMLElement).hidden = found > 0;
  if (found > 0) return;
  const command = byId('empty-command', HTMLElement);
  command.hidden = all > 0;
  if (all === 0) {
    setText(byId('empty-heading', HTMLElement), 'No kite is registered');
    setText(byId('empty-text', HTMLElement), 'As soon as one is, it appears here. To have one:');
    setText(command.firstElementChild ?? command, FIRST_KITE);
    return;
  }
  setText(byId('empty-heading', HTMLElement), 'No kite fits');
  const wrong = route.type === 'wrong' ? `${route.problem}. ` : '';
  setText(byId('empty-text', HTMLElement), `${wrong}Search for something else, or show all.`);
}

const FIRST_KITE = `kitectl serve --name hello --method hi --exec 'echo "hi"' --register`;

/** That the kite in the address is not there. Empty: nothing. */
export function showMissing(path: string): void {
  const missing = byId('trouble-kite', HTMLElement);
  missing.hidden = path === '';
  setText(missing, path === '' ? '' : `There is no kite ${path} now.`);
}
