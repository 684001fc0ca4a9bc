import { setTimeout as delay } from 'node:timers/promises';
import { describeHandle, type Handle, onClose, openedSince, openHandles } from './open-handles.js';
import type { Resource } from './resource-tracker.js';
import { trackResources } from './track-resources.js';

/** What was open at one time. */
export interface Snapshot {
  /**
   * The number of tracked resources, by kind. Numbers, because what a test file shares replaces its resources: a timer that
   * recurs is a new one each time.
   */
  readonly counts: ReadonlyMap<string, number>;
  readonly handles: ReadonlyMap<Handle, string>;
  /** The number of listeners of `process`, by event. */
  readonly listeners: ReadonlyMap<string | symbol, number>;
}

interface Leaks {
  readonly resources: readonly Resource[];
  readonly handles: readonly Handle[];
  /** The events of `process` with more listeners than before. */
  readonly events: readonly (string | symbol)[];
}

/** Milliseconds without progress after which what is still open has leaked. A busy machine needs time to close a thousand kites. */
const LIMIT = Number(process.env['LEAK_LIMIT'] ?? 20_000);
/** Milliseconds between two looks for a change that has no event, such as a socket that becomes unreferenced. */
const INTERVAL = 20;
/** The number of different leaks that an error lists. */
const LISTED = 20;

export function takeSnapshot(): Snapshot {
  return {
    counts: new Map(Array.from(openByKind(), ([kind, resources]) => [kind, resources.length])),
    handles: openHandles(),
    listeners: new Map(process.eventNames().map((event) => [event, process.listenerCount(event)])),
  };
}

function openByKind(): ReadonlyMap<string, readonly Resource[]> {
  const byKind = new Map<string, Resource[]>();
  for (const resource of trackResources().open) {
    const resources = byKind.get(resource.kind);
    if (resources) resources.push(resource);
    else byKind.set(resource.kind, [resource]);
  }
  return byKind;
}

/** Resolves once everything opened after `before` is closed. Rejects if nothing more is closed within the limit. */
export async function expectNoLeaks(before: Snapshot, subject: string): Promise<void> {
  const start = performance.now();
  for (;;) {
    const leaks = leaksSince(before);
    if (leaks.resources.length + leaks.handles.length + leaks.events.length === 0) return;
    const waited = performance.now() - start;
    if (waited > LIMIT) throw new Error(`${subject} left ${describe(leaks)}`);
    await nextChange(leaks.handles);
    // Thousands of connections close one after another. Looking at all of them for each one would take longer than closing.
    await delay(waited / 10);
  }
}

function leaksSince(before: Snapshot): Leaks {
  return {
    resources: Array.from(openByKind(), ([kind, open]) => open.slice(before.counts.get(kind) ?? 0)).flat(),
    handles: openedSince(before.handles),
    events: process
      .eventNames()
      .filter((event) => process.listenerCount(event) > (before.listeners.get(event) ?? 0)),
  };
}

/** `timer (5 ms), 2 × callback (ping)` */
function describe({ resources, handles, events }: Leaks): string {
  const descriptions = [
    ...resources.map(({ kind, detail }) => `${kind} (${detail})`),
    ...handles.map(describeHandle),
    ...events.map((event) => `process listener (${String(event)})`),
  ];
  const counts = new Map<string, number>();
  for (const description of descriptions) counts.set(description, (counts.get(description) ?? 0) + 1);
  const list = Array.from(counts, ([description, count]) => (count > 1 ? `${count} × ` : '') + description);
  return [...list.slice(0, LISTED), ...(list.length > LISTED ? ['…'] : [])].join(', ');
}

function nextChange(handles: readonly Handle[]): Promise<void> {
  return new Promise((resolve) => {
    const changed = (): void => {
      clearTimeout(timer);
      stopRelease();
      stopClose();
      resolve();
    };
    const timer = setTimeout(changed, INTERVAL);
    const stopRelease = trackResources().onRelease(changed);
    const stopClose = onClose(handles, changed);
  });
}
