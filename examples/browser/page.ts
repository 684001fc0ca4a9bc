/** The page: a kite that calls the kite that serves it, and that this kite calls. */
import { Kite } from 'kitectl/browser';

/** The methods of the kite that serves the page. */
interface MathKite {
  square(n: number): number;
  count(to: number, onCount: (n: number) => void): number;
  greet(): string;
}

const kite = new Kite('page', '1.0.0');

// The kite can call this method, in addition to `log` and `alert`, which every page has.
kite.handle('title', () => document.title);

// The URL is relative to that of the page.
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
  // The kite calls this callback five times.
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
