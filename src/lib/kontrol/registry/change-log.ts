import { kitePath } from '../../protocol/identity.js';
import type { RegistryEntry } from './registry-entry.js';

/** What has happened to a kite. `UPDATE`: it is silent now, or is not any more. */
export type ChangeAction = 'REGISTER' | 'DEREGISTER' | 'UPDATE';

/** A kite has registered or deregistered, or its mark has changed. */
export interface Change {
  readonly action: ChangeAction;
  readonly entry: RegistryEntry;
  readonly number: number;
  readonly path: string;
  /** Of an update: the registration that a watch may be notified of together with it. */
  readonly registered: Change | undefined;
  /** Whether a later change of the same kite has taken its place. */
  isReplaced: boolean;
}

/**
 * The changes of some kites that watches have yet to be notified of, in the order of their numbers. It is shared by all of these
 * watches. A change replaces the earlier ones of the same kite: a watch needs the last one only. An update replaces updates only,
 * because watches that do not know the kite ignore it.
 */
export class ChangeLog {
  #changes: Change[] = [];
  #replaced = 0;
  /** The last registrations and deregistrations, by the path of the kite. */
  readonly #states = new Map<string, Change>();
  /** The last updates since then. */
  readonly #updates = new Map<string, Change>();
  #head: number;

  /** `head`: number of the last change before the log. */
  constructor(head: number) {
    this.#head = head;
  }

  /** Number of the last change. */
  get head(): number {
    return this.#head;
  }

  /** How many changes there are. */
  get size(): number {
    return this.#changes.length - this.#replaced;
  }

  /** Adds a change. Its number is larger than that of the last one. */
  push(action: ChangeAction, entry: RegistryEntry, number: number): void {
    const path = kitePath(entry.kite);
    const state = this.#states.get(path);
    const isUpdate = action === 'UPDATE';
    const registered = isUpdate && state?.action === 'REGISTER' ? state : undefined;
    const change = { action, entry, number, path, registered, isReplaced: false };
    this.#replace(this.#updates.get(path));
    if (isUpdate) this.#updates.set(path, change);
    else {
      this.#replace(state);
      this.#updates.delete(path);
      this.#states.set(path, change);
    }
    this.#changes.push(change);
    this.#head = number;
    if (this.#replaced > this.size + MANY_REPLACED) this.#compact();
  }

  /** Returns the first change after this number. */
  after(number: number): Change | undefined {
    if (number >= this.#head) return undefined;
    for (let index = this.#indexAfter(number); index < this.#changes.length; index++) {
      const change = this.#changes[index];
      if (change && !change.isReplaced) return change;
    }
    return undefined;
  }

  /** Returns how many changes there are after this number. */
  sizeAfter(number: number): number {
    if (this.#replaced > 0) this.#compact();
    return this.#changes.length - this.#indexAfter(number);
  }

  /** Removes the changes up to this number. */
  trim(number: number): void {
    for (const change of this.#changes.splice(0, this.#indexAfter(number))) {
      if (change.isReplaced) this.#replaced--;
      if (this.#states.get(change.path) === change) this.#states.delete(change.path);
      if (this.#updates.get(change.path) === change) this.#updates.delete(change.path);
    }
  }

  #replace(change: Change | undefined): void {
    if (!change) return;
    change.isReplaced = true;
    this.#replaced++;
  }

  #compact(): void {
    this.#changes = this.#changes.filter(({ isReplaced }) => !isReplaced);
    this.#replaced = 0;
  }

  #indexAfter(number: number): number {
    let [low, high] = [0, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.number ?? number) > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** How many replaced changes may remain beyond as many as the others. */
const MANY_REPLACED = 64;
