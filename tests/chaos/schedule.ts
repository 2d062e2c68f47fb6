import { SeededRandom } from "./random.ts";

/** Something that is done to the servers or the balancer. */
export type ChaosAction =
  | { readonly kind: "guard"; readonly server: number }
  | { readonly kind: "kill" | "stop" | "continue" | "break" | "mend"; readonly server: number }
  | { readonly kind: "start"; readonly server: number; readonly delay: number }
  | { readonly kind: "add" | "weight"; readonly server: number; readonly weight: number }
  | { readonly kind: "delete"; readonly server: number; readonly drain: number | undefined }
  | { readonly kind: "reload"; readonly weights: readonly (number | undefined)[] };

/** An action and when it is due, in milliseconds from the start. */
export interface ChaosEvent {
  /** When it is due. */
  readonly at: number;
  /** The action. */
  readonly action: ChaosAction;
}

/** For what a schedule is. */
export interface ScheduleOptions {
  /** From what it follows. */
  readonly seed: number;
  /** How long it is. */
  readonly seconds: number;
  /** How many servers there are; all are up and added with weight 1 at the start. */
  readonly servers: number;
}

/** How long one server is left alone, in milliseconds; the next one is for some time before. */
const GUARD_MS = 9_000;
/** Longer than the longest way of a request through servers that are silent. */
const OVERLAP_MS = 6_000;
/** The pause between two actions is at most this, in milliseconds. */
const PAUSE_MAX = 300;

type Process = "up" | "down" | "stopped" | "breaking";
const WAYS = {
  up: ["kill", "kill", "stop", "break"],
  down: [],
  stopped: [],
  breaking: ["kill"],
} as const;

/**
 * Makes a schedule, the same one for the same options. At every moment there is a server that nothing
 * is done to, that is up, added and has a weight; for `OVERLAP_MS` there are two, so that every
 * request has had one of them to go to for all of its time.
 */
export function makeSchedule({ seed, seconds, servers }: ScheduleOptions): ChaosEvent[] {
  const random = new SeededRandom(seed);
  const end = seconds * 1000;
  const processes: Process[] = Array.from({ length: servers }, () => "up");
  const weights: (number | undefined)[] = Array.from({ length: servers }, () => 1);
  const events: ChaosEvent[] = [];
  const recoveries: ChaosEvent[] = [];
  let guards: number[] = [];
  let guard = random.between(0, servers - 1);
  let nextGuard = 0;
  for (let at = 0; at < end; at += random.between(20, PAUSE_MAX)) {
    if (at >= nextGuard) {
      const others = processes.map((_, i) => i).filter((i) => i !== guard);
      guards = [guard, guard = random.oneOf(others)];
      const due = nextGuard === 0 ? 0 : at;
      nextGuard = at + GUARD_MS;
      // The executor brings it up, adds it and waits until both are so.
      events.push({ at: due, action: { kind: "guard", server: guard } });
      processes[guard] = "up";
      weights[guard] = 1;
      for (const event of [...recoveries]) {
        if ("server" in event.action && event.action.server === guard) {
          recoveries.splice(recoveries.indexOf(event), 1);
        }
      }
    }
    if (guards.length === 2 && at >= nextGuard - GUARD_MS + OVERLAP_MS) guards.shift();
    recoveries.sort((one, other) => one.at - other.at);
    while (recoveries.length > 0 && recoveries[0]!.at <= at) {
      const event = recoveries.shift()!;
      if ("server" in event.action) processes[event.action.server] = "up";
      events.push(event);
    }
    const server = random.between(0, servers - 1);
    if (random.chance(12)) {
      for (let i = 0; i < servers; i++) if (!guards.includes(i)) weights[i] = anyWeight(random);
      for (const i of guards) weights[i] = random.between(1, 5);
      events.push({ at, action: { kind: "reload", weights: [...weights] } });
    } else if (guards.includes(server)) {
      weights[server] = random.between(1, 5);
      events.push({ at, action: { kind: "weight", server, weight: weights[server] } });
    } else if (random.chance(35)) {
      const action = changeOf(random, server, weights);
      events.push({ at, action });
    } else {
      const ways = WAYS[processes[server]!];
      if (ways.length === 0) continue;
      const kind = random.oneOf(ways);
      for (const event of [...recoveries]) {
        if ("server" in event.action && event.action.server === server) {
          recoveries.splice(recoveries.indexOf(event), 1);
        }
      }
      events.push({ at, action: { kind, server } });
      processes[server] = kind === "kill" ? "down" : kind === "stop" ? "stopped" : "breaking";
      recoveries.push({
        at: at + random.between(200, 3000),
        action: kind === "kill"
          ? { kind: "start", server, delay: random.oneOf([0, 0, 300, 1500]) }
          : { kind: kind === "stop" ? "continue" : "mend", server },
      });
    }
  }
  return events;
}

function changeOf(
  random: SeededRandom,
  server: number,
  weights: (number | undefined)[],
): ChaosAction {
  if (weights[server] === undefined) {
    const weight = weights[server] = random.between(1, 5);
    return { kind: "add", server, weight };
  }
  if (random.chance(50)) {
    weights[server] = undefined;
    return { kind: "delete", server, drain: random.oneOf([undefined, 0, 1, 5]) };
  }
  const weight = weights[server] = random.oneOf([0, 1, 2, 3, 4, 5]);
  return { kind: "weight", server, weight };
}

/** A weight, or undefined for a server that is not there. */
function anyWeight(random: SeededRandom): number | undefined {
  return random.oneOf([undefined, 0, 1, 2, 3, 5]);
}
