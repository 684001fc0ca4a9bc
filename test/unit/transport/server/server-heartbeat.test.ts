import { describe, expect, it } from 'vitest';
import { ServerHeartbeat } from '../../../../src/lib/transport/server/server-heartbeat.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

class Session {
  beats: number[] = [];
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  beat(): void {
    this.beats.push(this.#clock.now());
  }
}

function setup(): { clock: ManualClock; heartbeat: ServerHeartbeat<Session>; add: () => Session } {
  const clock = new ManualClock(0);
  const heartbeat = new ServerHeartbeat<Session>(clock, 8000, 60_000);
  const add = (): Session => {
    const session = new Session(clock);
    heartbeat.add(session);
    return session;
  };
  return { clock, heartbeat, add };
}

describe('the heartbeat', () => {
  it('the server sends one heartbeat per interval to each session', () => {
    const { clock, add } = setup();
    const session = add();
    clock.advance(24_000);
    expect(session.beats).toEqual([8000, 16_000, 24_000]);
  });

  it('the server spreads the heartbeats of its sessions over time', () => {
    const { clock, add } = setup();
    const first = add();
    clock.advance(3000);
    const second = add();
    clock.advance(13_000);
    expect(first.beats).toEqual([8000, 16_000]);
    expect(second.beats).toEqual([11_000]);
  });

  it('the server has one timer for the heartbeats of all sessions, and none without sessions', () => {
    const { clock, heartbeat, add } = setup();
    expect(clock.timers).toBe(0);
    const sessions = Array.from({ length: 100 }, add);
    expect(clock.timers).toBe(1);
    expect(heartbeat.size).toBe(100);
    for (const session of sessions) {
      heartbeat.delete(session);
      heartbeat.delete(session);
    }
    expect(heartbeat.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('the server passes each session the number of heartbeats without an answer after which it closes', () => {
    const clock = new ManualClock();
    const told: number[] = [];
    const never: number[] = [];
    new ServerHeartbeat(clock, 10_000, 60_000).add({ beat: (idleBeats) => told.push(idleBeats) });
    new ServerHeartbeat(clock, 10_000, 0).add({ beat: (idleBeats) => never.push(idleBeats) });
    clock.advance(10_000);
    expect(told).toEqual([6]);
    expect(never).toEqual([0]);
  });
});
