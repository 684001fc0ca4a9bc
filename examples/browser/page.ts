/** The page: a kite that calls the kite it came from, and whose own methods that kite calls. */
import { Kite } from 'kitectl/browser';

/** What the other side answers. */
interface MathKite {
  square(n: number): number;
  count(to: number, onCount: (n: number) => void): number;
  greet(): string;
}

const kite = new Kite('page', '1.0.0');

// The kite may call this, beside `log` and `alert`, which every page has.
kite.handle('title', () => document.title);

// Relative to the page: wherever this came from.
const math = kite.newClient<MathKite>('/kite');
math.on('connect', () => void (element('#state').textContent = 'Connected.'));
math.on('disconnect', () => void (element('#state').textContent = 'Disconnected; trying again…'));
void math.dialForever();

element('#square').addEventListener('submit', (event) => {
  event.preventDefault();
  const { number, result } = (event.target as HTMLFormElement).elements as unknown as {
    readonly number: HTMLInputElement;
    readonly result: HTMLOutputElement;
  };
  show(result, math.tell('square', number.valueAsNumber));
});

element('#count').addEventListener('click', () => {
  const output = element('#counted');
  // The function stays here; the kite calls it five times.
  show(
    output,
    math.tell('count', 5, (n) => void (output.textContent = String(n))),
  );
});

element('#greet').addEventListener('click', () => show(element('#state'), math.tell('greet')));

function element(selector: string): Element {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return found;
}

function show(output: Element, answer: Promise<unknown>): void {
  answer.then(
    (value) => {
      output.textContent = String(value);
    },
    (error: unknown) => {
      output.textContent = String(error);
    },
  );
}
