import { pace, until } from "../pace.ts";
import { SeededRandom } from "../random.ts";
import { type Actor, Stage } from "./stage.ts";

/** How long the majority of etcd is lost, in milliseconds. */
const LOST_MS = 20_000;
/** After so many milliseconds, no balancer may have a server that etcd has not. */
const STALE_MS = 2000;
/** How long balancers may take to find out that etcd is silent, and not merely gone. */
const SILENCE_MS = 20_000;
/** How long balancers may take to see who is up: as long as a lease holds, and a little longer. */
const MEMBERS_MS = 15_000;
/** How long etcd may take to choose a leader, in milliseconds. */
const ELECTION_MS = 15_000;

/** The result. */
export interface Outcome {
  /** The violations. */
  readonly violations: string[];
  /** Durations in milliseconds, and counts. */
  readonly measured: Record<string, number>;
}

/** The events by name. */
export const EVENTS = {
  "a leader is killed": killLeader,
  "the majority is lost": loseMajority,
  "a balancer is killed and started again": killBalancer,
  "a watch is cut": cutWatch,
  "etcd is compacted while a watch is cut": compact,
  "a member says nothing any more": silence,
} as const;

/**
 * Lets these things happen one after the other, under steady traffic.
 *
 * @param events The events.
 * @param seed From what the changes follow.
 */
export async function runScenario(
  events: readonly (keyof typeof EVENTS)[],
  seed: number,
): Promise<Outcome> {
  await using stage = await Stage.start();
  const play = new Play(stage, seed);
  await play.change(10);
  await play.assertInStep("at the beginning");
  for (const event of events) {
    await EVENTS[event](play);
    await play.assertMembers(`when ${event}`);
    play.count(event);
  }
  for (const { traffic } of stage.actors) {
    await traffic[Symbol.asyncDispose]();
    play.violations.push(...traffic.failures.map((failure) => `a request failed: ${failure}`));
    play.add("requests", traffic.answered);
  }
  for (const { balancer } of stage.actors) {
    if (/Unexpected|error: Uncaught/.test(balancer.errors)) {
      play.violations.push(`a balancer has failed: ${balancer.errors}`);
    }
  }
  return play;
}

/** Runs events on a stage, and checks the result. */
class Play implements Outcome {
  readonly stage: Stage;
  readonly violations: string[] = [];
  readonly measured: Record<string, number> = {};
  readonly #random: SeededRandom;

  constructor(stage: Stage, seed: number) {
    this.stage = stage;
    this.#random = new SeededRandom(seed);
  }

  count(what: string): void {
    this.add(what, 1);
  }

  add(what: string, by: number): void {
    this.measured[what] = (this.measured[what] ?? 0) + by;
  }

  /** Keeps the worst. */
  measure(what: string, milliseconds: number): void {
    this.measured[what] = Math.max(this.measured[what] ?? 0, Math.round(milliseconds));
  }

  /** Changes servers through these balancers. The first two servers always stay. */
  async change(times: number, actors: readonly Actor[] = this.stage.actors): Promise<void> {
    for (let time = 0; time < times; time++) {
      const actor = this.#random.oneOf(actors);
      const url = this.#random.oneOf(this.stage.urls.slice(2));
      const weight = this.#random.between(1, 9);
      const { json } = await this.stage.call(actor, "/servers");
      const isThere = json.some((server: { url: string }) => server.url === url);
      const type = isThere ? this.#random.oneOf(["update", "delete"]) : "add";
      const body = { url, ...(type === "delete" ? {} : { weight, health_check_period: 1 }) };
      const { status, json: answer, duration } = await this.stage.call(actor, `/${type}`, body);
      // The balancer that was asked may not have received another one's latest change yet.
      if (status === 404 || status === 409) this.count("refused, as another change was faster");
      else if (status !== 200) this.violations.push(`a change was ${status}: ${answer.detail}`);
      this.measure("a change, ms", duration);
    }
  }

  async assertInStep(when: string, limit = STALE_MS): Promise<void> {
    const duration = await this.stage.untilInStep(limit);
    if (duration === undefined) this.violations.push(`somebody is out of step ${when}`);
    else this.measure(`in step ${when}, ms`, duration);
  }

  async assertSoon(what: string, limit: number, isSo: () => Promise<boolean>): Promise<void> {
    const from = performance.now();
    if (!await until(isSo, limit)) this.violations.push(`not within ${limit} ms: ${what}`);
    this.measure(`${what}, ms`, performance.now() - from);
  }

  /** Everybody sees these balancers, and nobody else, as up and doing the same. */
  async assertMembers(when: string, actors: readonly Actor[] = this.stage.actors): Promise<void> {
    const names = actors.map(({ name }) => name);
    await this.assertSoon(`every balancer sees the right members ${when}`, MEMBERS_MS, async () => {
      const all = await Promise.all(actors.map((actor) => this.stage.seesMembers(actor, names)));
      return all.every(Boolean);
    });
  }

  async assertConnected(what: string, isConnected: boolean, limit: number): Promise<void> {
    await this.assertSoon(what, limit, async () => {
      const { stage } = this;
      const all = await Promise.all(stage.actors.map((actor) => stage.isConnected(actor)));
      return all.every((one) => one === isConnected);
    });
  }
}

async function killLeader(play: Play): Promise<void> {
  const leader = await play.stage.cluster.leader();
  await leader.kill();
  const [actor] = play.stage.actors;
  const url = play.stage.urls[0]!;
  let weight = 1;
  await play.assertSoon("a change after the leader's death", ELECTION_MS, async () => {
    const { status } = await play.stage.call(actor!, "/update", { url, weight: ++weight });
    // Until there is a new one it may be refused, or nobody knows.
    if (![200, 503, 504].includes(status)) play.violations.push(`a change was ${status}`);
    return status === 200;
  });
  await play.assertInStep("after the leader's death");
  await leader.restart();
  await play.change(5);
  await play.assertInStep("when the leader is back");
}

async function loseMajority(play: Play): Promise<void> {
  const { stage, violations } = play;
  const { cluster, actors, urls } = stage;
  const members = cluster.members.slice(0, 2);
  const answered = actors.map(({ traffic }) => traffic.answered);
  const from = performance.now();
  await Promise.all(members.map((member) => member.kill()));
  await play.assertConnected("every balancer knows that etcd is down", false, 10_000);
  for (const actor of actors) {
    const { status, json, duration } = await stage.call(actor, "/update", { url: urls[0] });
    if (status !== 503 || !json.detail.includes("etcd has been unreachable since")) {
      violations.push(`a change without a majority was ${status}: ${json.detail}`);
    }
    play.measure("a refusal without a majority, ms", duration);
  }
  await pace(LOST_MS - (performance.now() - from));
  for (const [i, { traffic }] of actors.entries()) {
    if (traffic.answered <= answered[i]! + 100) violations.push("the traffic stood still");
  }
  for (const member of members) member.start();
  // Recovered is what takes a change again.
  const isBack = async () => {
    try {
      await stage.put(urls[0]!, 5);
      await stage.put(urls[2]!, 3);
      return true;
    } catch {
      return false;
    }
  };
  await play.assertSoon("etcd is back", 30_000, isBack);
  await play.assertInStep("when the majority is back");
  await play.assertConnected("every balancer knows that etcd is up", true, STALE_MS);
  await play.change(5);
  await play.assertInStep("with changes again");
}

async function killBalancer(play: Play): Promise<void> {
  const { stage } = play;
  const actor = stage.actors[2]!;
  await stage.kill(actor);
  const others = stage.actors.slice(0, 2);
  await play.change(5, others);
  await play.assertMembers("without the one that is killed", others);
  await stage.revive(actor);
  await play.assertInStep("when a balancer is back");
  await play.change(5);
  await play.assertInStep("with that balancer");
}

async function cutWatch(play: Play): Promise<void> {
  const [one, other] = play.stage.actors as [Actor, Actor];
  for (let time = 0; time < 5; time++) {
    for (const relay of other.relays) relay.cut();
    await play.change(3, [one]);
    await play.assertInStep("after a watch was cut");
  }
  await play.assertConnected("everybody is connected", true, STALE_MS);
}

async function compact(play: Play): Promise<void> {
  const { stage } = play;
  const [one, other] = stage.actors as [Actor, Actor];
  for (const relay of other.relays) relay.refuse();
  await play.change(10, [one]);
  await stage.cluster.compact();
  for (const relay of other.relays) relay.accept();
  await play.assertInStep("after a compaction");
  await play.assertConnected("everybody is connected", true, STALE_MS);
  await play.change(5);
  await play.assertInStep("with changes after a compaction");
}

async function silence(play: Play): Promise<void> {
  const [one, other] = play.stage.actors as [Actor, Actor];
  // One of them has the watch. Its connection stays, as when a host has died.
  for (const relay of other.relays) {
    relay.hold();
    await play.change(3, [one]);
    await play.assertInStep("when a member says nothing", SILENCE_MS);
    relay.release();
    await play.assertConnected("everybody is connected", true, SILENCE_MS);
  }
  await play.change(5);
  await play.assertInStep("when every member answers again");
}
