import { getLogger } from "@logtape/logtape";
import type { FoundAddress, FoundServer } from "../model/discovery.ts";
import { BalancerError } from "../model/errors.ts";
import type { Registry } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import { isSame } from "../model/server_diff.ts";
import { expandEntry } from "./dns_expansion.ts";

const logger = getLogger(["ballast", "discovery"]);

/** How many addresses that are left out the log names at a time; the rest is counted. */
const TOLD_MAX = 5;

/** What an entry has found. */
interface Findings {
  readonly entry: Server;
  readonly found: readonly FoundAddress[];
  /** The servers that are to be, by their URLs. */
  readonly wanted: ReadonlyMap<string, Server>;
  /** Why some of them are not servers of this entry, by their URLs. */
  readonly problems: Map<string, string>;
  /** Of these, what was logged. */
  told: ReadonlyMap<string, string>;
}

/**
 * Keeps the servers of the registry in step with what entries have found. Which servers an entry has,
 * the registry says, by their `discoveredBy`.
 */
export class DiscoveredServers {
  readonly #registry: Registry;
  readonly #findings = new Map<string, Findings>();

  /** @param registry Where the servers are added and removed. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** What an entry has found, and what became of it. */
  list(entryUrl: string): FoundServer[] {
    const findings = this.#findings.get(entryUrl);
    if (findings === undefined) return [];
    const { entry, found, problems } = findings;
    return found.map((each) => {
      const { url } = expandEntry(entry, each);
      return { found: each, url, problem: problems.get(url) };
    });
  }

  /**
   * Adds the servers that an entry has found, and brings those up to date that are there already.
   * Those that it has no longer found stay, see {@linkcode removeLost}.
   *
   * @param entry The entry as it is now.
   * @param found All that it has found.
   */
  add(entry: Server, found: readonly FoundAddress[]): void {
    const servers = found.map((each) => expandEntry(entry, each));
    const findings: Findings = {
      entry,
      found,
      wanted: new Map(servers.map((server) => [server.url, server])),
      problems: new Map(),
      told: this.#findings.get(entry.url)?.told ?? new Map(),
    };
    this.#findings.set(entry.url, findings);
    this.#addAll(findings);
  }

  /** Gives those servers up that an entry has not found any more, and logs which it cannot have. */
  removeLost(entryUrl: string): void {
    const findings = this.#findings.get(entryUrl);
    if (findings === undefined) return;
    const { wanted, problems, told } = findings;
    const lost = this.#serversOf(entryUrl).filter(({ url }) => !wanted.has(url));
    for (const { url } of lost) {
      logger.info("{server} is not behind {url} any more", { server: url, url: entryUrl });
      this.giveUp(url);
    }
    // There may be places now that there were not before.
    if (lost.length > 0 && problems.size > 0) this.#addAll(findings);
    const news = [...problems].filter(([server, problem]) => told.get(server) !== problem);
    for (const [server, problem] of news.slice(0, TOLD_MAX)) {
      const what = "{server} is behind {url} and left out: {problem}";
      logger.warn(what, { server, url: entryUrl, problem });
    }
    const more = news.length - TOLD_MAX;
    if (more > 0) logger.warn("… and {more} others behind {url}", { more, url: entryUrl });
    findings.told = new Map(problems);
  }

  /** Gives every server of an entry up, which is no more. */
  removeAll(entryUrl: string, drain: number | undefined): void {
    this.#findings.delete(entryUrl);
    for (const { url } of this.#serversOf(entryUrl)) this.giveUp(url, drain);
  }

  /**
   * Removes a server that whoever had it does not want any more. An entry that has found it as well
   * takes it over, with what it is working on.
   *
   * @param url The server's URL in canonical form.
   * @param drain For how many seconds what it works on may go on. Default: without a limit.
   */
  giveUp(url: string, drain?: number): void {
    const owner = this.#registry.find(url)?.server.discoveredBy;
    for (const { entry, wanted, problems } of this.#findings.values()) {
      const server = wanted.get(url);
      if (server === undefined || entry.url === owner) continue;
      problems.delete(url);
      this.#registry.update(url, server);
      return;
    }
    this.#registry.remove(url, drain);
  }

  #addAll(findings: Findings): void {
    const { wanted, problems } = findings;
    problems.clear();
    for (const server of wanted.values()) {
      const problem = this.#addOne(findings, server);
      if (problem !== undefined) problems.set(server.url, problem);
    }
  }

  /** Adds a server, or brings it up to date; tells why it cannot. */
  #addOne({ entry }: Findings, server: Server): string | undefined {
    const there = this.#registry.find(server.url)?.server;
    if (there === undefined) return this.#insert(server);
    if (there.discoveredBy === entry.url) {
      if (!isSame(there, server)) this.#registry.update(server.url, server);
      return undefined;
    }
    return there.discoveredBy === undefined
      ? "there is a server with this URL that was not discovered"
      : `${there.discoveredBy} has discovered it already`;
  }

  #insert(server: Server): string | undefined {
    try {
      this.#registry.add(server);
    } catch (error) {
      if (error instanceof BalancerError) return error.message;
      throw error;
    }
    logger.info("Discovered {server} by {url}", { server: server.url, url: server.discoveredBy });
    return undefined;
  }

  #serversOf(entryUrl: string): Server[] {
    return this.#registry.entries().map(({ server }) => server)
      .filter(({ discoveredBy }) => discoveredBy === entryUrl);
  }
}
