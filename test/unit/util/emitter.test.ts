import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/lib/util/emitter.js';

type Events = { greet: [name: string]; leave: [] };

class Greeter extends Emitter<Events> {
  readonly failures: string[] = [];

  constructor() {
    super({ error: (line) => this.failures.push(line) });
  }

  greet(name: string): void {
    this.emit('greet', name);
  }
}

describe('Emitter', () => {
  it('Emitter calls the listeners of an event in the order in which they were added', () => {
    const greeter = new Greeter();
    const received: string[] = [];
    greeter.on('greet', (name) => received.push(`first ${name}`));
    greeter.on('greet', (name) => received.push(`second ${name}`));
    greeter.on('leave', () => received.push('leave'));
    greeter.greet('bob');
    expect(received).toEqual(['first bob', 'second bob']);
  });

  it('Emitter stops calling a listener whose subscription was ended', () => {
    const greeter = new Greeter();
    const received: string[] = [];
    const off = greeter.on('greet', (name) => received.push(name));
    greeter.greet('bob');
    off();
    off();
    greeter.greet('eve');
    expect(received).toEqual(['bob']);
  });

  it('Emitter calls a listener added with once for a single event', () => {
    const greeter = new Greeter();
    const received: string[] = [];
    greeter.once('greet', (name) => received.push(name));
    greeter.once('greet', () => received.push('never'))();
    greeter.greet('bob');
    greeter.greet('eve');
    expect(received).toEqual(['bob']);
  });

  it('Emitter does not call a listener that is added while the event is emitted', () => {
    const greeter = new Greeter();
    const received: string[] = [];
    greeter.on('greet', () => greeter.on('greet', () => received.push('late')));
    greeter.greet('bob');
    expect(received).toEqual([]);
  });

  it('Emitter reports a listener that throws and one whose promise rejects, and calls the others', async () => {
    const greeter = new Greeter();
    const heard: string[] = [];
    greeter.on('greet', () => {
      throw new Error('on throws');
    });
    greeter.once('greet', () => {
      throw new Error('once throws');
    });
    greeter.on('greet', () => Promise.reject(new Error('on rejects')));
    greeter.once('greet', async () => {
      await Promise.reject(new Error('once rejects'));
    });
    greeter.on('greet', (name) => heard.push(name));
    greeter.greet('bob');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['bob']);
    expect(greeter.failures.toSorted()).toEqual([
      'Listener failed: on rejects',
      'Listener failed: on throws',
      'Listener failed: once rejects',
      'Listener failed: once throws',
    ]);
  });
});
