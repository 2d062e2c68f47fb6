import { getLogger } from "@logtape/logtape";
import type { DiscoveredAddress, DiscoveredServer } from "../model/discovery.ts";
import { BalancerError } from "../model/errors.ts";
import type { Registry } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import { isSame } from "../model/server_diff.ts";
import { expandSource } from "./dns_expansion.ts";

const logger = getLogger(["ballast", "discovery"]);

/** The most skipped addresses that are logged at a time; the rest is counted. */
const LOGGED_MAX = 5;

/** The latest result of a source. */
interface Findings {
  readonly source: Server;
  readonly found: readonly DiscoveredAddress[];
  /** The servers that it should have, by URL. */
  readonly wanted: ReadonlyMap<string, Server>;
  /** Why some of them could not become servers of this source, by URL. */
  readonly problems: Map<string, string>;
  /** The problems that were logged. */
  logged: ReadonlyMap<string, string>;
}

/**
 * Keeps the registry in step with the discovered servers. The registry itself records which source a
 * server belongs to, in its `discoveredBy`.
 */
export class DiscoveredServers {
  readonly #registry: Registry;
  readonly #findings = new Map<string, Findings>();

  /** @param registry The registry in which servers are added and removed. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** The addresses of a source, each with its server. */
  list(sourceUrl: string): DiscoveredServer[] {
    const findings = this.#findings.get(sourceUrl);
    if (findings === undefined) return [];
    const { source, found, problems } = findings;
    return found.map((each) => {
      const { url } = expandSource(source, each);
      return { found: each, url, problem: problems.get(url) };
    });
  }

  /**
   * Adds the discovered servers of a source, and updates those that exist already. Servers that are
   * no longer found stay, see {@linkcode removeLost}.
   *
   * @param source The source as it is now.
   * @param found All of its addresses.
   */
  add(source: Server, found: readonly DiscoveredAddress[]): void {
    const servers = found.map((each) => expandSource(source, each));
    const findings: Findings = {
      source,
      found,
      wanted: new Map(servers.map((server) => [server.url, server])),
      problems: new Map(),
      logged: this.#findings.get(source.url)?.logged ?? new Map(),
    };
    this.#findings.set(source.url, findings);
    this.#addAll(findings);
  }

  /** Releases the servers that a source no longer finds, and logs new problems. */
  removeLost(sourceUrl: string): void {
    const findings = this.#findings.get(sourceUrl);
    if (findings === undefined) return;
    const { wanted, problems, logged } = findings;
    const lost = this.#serversOf(sourceUrl).filter(({ url }) => !wanted.has(url));
    for (const { url } of lost) {
      logger.info("{url} no longer resolves to {server}", { server: url, url: sourceUrl });
      this.release(url);
    }
    // Slots may have become free.
    if (lost.length > 0 && problems.size > 0) this.#addAll(findings);
    const news = [...problems].filter(([server, problem]) => logged.get(server) !== problem);
    for (const [server, problem] of news.slice(0, LOGGED_MAX)) {
      const what = "Skipping {server}, which {url} resolves to: {problem}";
      logger.warn(what, { server, url: sourceUrl, problem });
    }
    const more = news.length - LOGGED_MAX;
    if (more > 0) logger.warn("… and {more} others of {url}", { more, url: sourceUrl });
    findings.logged = new Map(problems);
  }

  /** Releases every server of a removed source. */
  removeAll(sourceUrl: string, drain: number | undefined): void {
    this.#findings.delete(sourceUrl);
    for (const { url } of this.#serversOf(sourceUrl)) this.release(url, drain);
  }

  /**
   * Removes a server that its owner no longer wants. A source that has discovered it as well takes it
   * over, with its active requests.
   *
   * @param url The server's URL in canonical form.
   * @param drain Seconds that its active requests may continue. Default: no limit.
   */
  release(url: string, drain?: number): void {
    const owner = this.#registry.find(url)?.server.discoveredBy;
    for (const { source, wanted, problems } of this.#findings.values()) {
      const server = wanted.get(url);
      if (server === undefined || source.url === owner) continue;
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

  /** Adds or updates a server; returns why it cannot. */
  #addOne({ source }: Findings, server: Server): string | undefined {
    const there = this.#registry.find(server.url)?.server;
    if (there === undefined) return this.#insert(server);
    if (there.discoveredBy === source.url) {
      if (!isSame(there, server)) this.#registry.update(server.url, server);
      return undefined;
    }
    return there.discoveredBy === undefined
      ? "a server with this URL is configured already"
      : `${there.discoveredBy} has discovered it already`;
  }

  #insert(server: Server): string | undefined {
    try {
      this.#registry.add(server);
    } catch (error) {
      if (error instanceof BalancerError) return error.message;
      throw error;
    }
    logger.info("Discovered {server} through {url}", {
      server: server.url,
      url: server.discoveredBy,
    });
    return undefined;
  }

  #serversOf(sourceUrl: string): Server[] {
    return this.#registry.entries().map(({ server }) => server)
      .filter(({ discoveredBy }) => discoveredBy === sourceUrl);
  }
}
