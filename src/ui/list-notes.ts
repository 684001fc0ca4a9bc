import { byId, setText } from './dom.js';
import type { PageRoute } from './route.js';

/** Shows how many kites match. `more` is how many the button adds. */
export function showCount(found: number, all: number, shown: number, more: number): void {
  const total = `${all} ${all === 1 ? 'kite' : 'kites'}`;
  setText(byId('count', HTMLElement), found === all ? total : `${found} of ${total}`);
  const button = byId('more', HTMLButtonElement);
  button.hidden = found <= shown;
  setText(button, `Show ${Math.min(more, found - shown)} more of ${found}`);
}

/** Shows the path that filters the list. */
export function showFilter(route: PageRoute): void {
  const filter = byId('filter', HTMLElement);
  filter.hidden = route.type !== 'query' && route.type !== 'invalid';
  if (route.type === 'query' || route.type === 'invalid')
    setText(byId('filter-path', HTMLElement), route.path);
}

/** Shows what to do if the list is empty. */
export function showEmpty(found: number, all: number, route: PageRoute): void {
  byId('empty', HTMLElement).hidden = found > 0;
  if (found > 0) return;
  const command = byId('empty-command', HTMLElement);
  command.hidden = all > 0;
  if (all === 0) {
    setText(byId('empty-heading', HTMLElement), 'No kite is registered');
    setText(byId('empty-text', HTMLElement), 'Registered kites appear here. To start one:');
    setText(command.firstElementChild ?? command, FIRST_KITE);
    return;
  }
  setText(byId('empty-heading', HTMLElement), 'No matching kites');
  const problem = route.type === 'invalid' ? `${route.problem}. ` : '';
  setText(byId('empty-text', HTMLElement), `${problem}Change the search, or show all.`);
}

const FIRST_KITE = `kitectl serve --name hello --method hi --exec 'echo "hi"' --register`;

/** Shows that the kite of the route is not registered. An empty path hides the message. */
export function showMissing(path: string): void {
  const missing = byId('missing-kite', HTMLElement);
  missing.hidden = path === '';
  setText(missing, path === '' ? '' : `The kite ${path} is not registered.`);
}
