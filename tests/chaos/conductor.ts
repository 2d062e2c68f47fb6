import { pace } from "./pace.ts";
import type { ChaosAction, ChaosEvent } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** For how long what was done to a server is still felt, in milliseconds: its timeouts. */
const AFTERMATH_MS = 4_000;

interface Trouble {
  readonly server: number;
  readonly from: number;
  to: number;
}

/** Does what a schedule says, all at once but in order for each server, and remembers it. */
export class Conductor {
  readonly #stage: Stage;
  readonly #chains: Promise<void>[];
  readonly #troubles: Trouble[] = [];
  /** How often each kind of thing was done. */
  readonly counts = new Map<string, number>();

  /** @param stage The stage. */
  constructor(stage: Stage) {
    this.#stage = stage;
    this.#chains = stage.servers.map(() => Promise.resolve());
  }

  /** Does everything in its time. Where a guard is slow to come, the schedule waits for it. */
  async run(events: readonly ChaosEvent[]): Promise<void> {
    let start = performance.now();
    for (const { at, action } of events) {
      await pace(Math.max(0, start + at - performance.now()));
      this.counts.set(action.kind, (this.counts.get(action.kind) ?? 0) + 1);
      const begun = performance.now();
      if (action.kind === "guard") {
        await this.#guard(action.server);
        start += performance.now() - begun;
      } else if (action.kind === "reload") {
        this.#stage.reload(
          action.weights.flatMap((weight, server) =>
            weight === undefined ? [] : { server, weight }
          ),
        );
      } else {
        const { server } = action;
        this.#chains[server] = this.#chains[server]!.then(() => this.#act(action));
      }
    }
    await this.#idle();
  }

  /** Brings every server up again and adds it with weight 1. */
  async heal(): Promise<void> {
    await this.#idle();
    await Promise.all(this.#chains.map((_, server) => this.#guard(server)));
  }

  /** Whether anything was wrong with a server in this time, or still felt. */
  troubled(server: number, { from, to }: { from: number; to: number }): boolean {
    return this.#troubles.some((trouble) =>
      trouble.server === server && trouble.from <= to && trouble.to >= from
    );
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#chains);
    await this.#stage.reloaded();
  }

  async #guard(server: number): Promise<void> {
    await this.#idle();
    const process = this.#stage.servers[server]!;
    process.signal("SIGCONT");
    await process.order("mend");
    if (!process.running) await process.start();
    this.#end(server);
    const status = (await this.#stage.status()).find(({ url }) =>
      new URL(url).origin === process.url
    );
    if (status === undefined) await this.#stage.add(server, 1);
    else await this.#stage.setWeight(server, 1);
  }

  async #act(action: Exclude<ChaosAction, { kind: "guard" | "reload" }>): Promise<void> {
    const { server } = action;
    const process = this.#stage.servers[server]!;
    switch (action.kind) {
      case "kill":
        this.#begin(server);
        return await process.kill();
      case "stop":
        this.#begin(server);
        return process.signal("SIGSTOP");
      case "break":
        this.#begin(server);
        return await process.order("break");
      case "start":
        await process.start(action.delay);
        return this.#end(server);
      case "continue":
        process.signal("SIGCONT");
        return this.#end(server);
      case "mend":
        await process.order("mend");
        return this.#end(server);
      case "add":
        return await this.#stage.add(server, action.weight);
      case "weight":
        return await this.#stage.setWeight(server, action.weight);
      case "delete": {
        const { drain } = action;
        if (drain !== undefined) {
          const from = performance.now();
          this.#troubles.push({ server, from, to: from + drain * 1000 + AFTERMATH_MS });
        }
        return await this.#stage.delete(server, drain);
      }
    }
  }

  #begin(server: number): void {
    this.#troubles.push({ server, from: performance.now(), to: Infinity });
  }

  #end(server: number): void {
    const to = performance.now() + AFTERMATH_MS;
    for (const trouble of this.#troubles) {
      if (trouble.server === server && trouble.to === Infinity) trouble.to = to;
    }
  }
}
