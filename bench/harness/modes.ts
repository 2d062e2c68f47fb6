/** How the two sides share the cores. */
export type ModeName = "one-core" | "all-cores";

/** How the two sides share the cores, with what follows from that. */
export interface Mode {
  /** Its name. */
  readonly name: ModeName;
  /** Its name in the report. */
  readonly title: string;
  /** The core that the proxy is pinned to, if any. */
  readonly proxyCore?: number;
  /** The core that wrk and the upstreams are pinned to, if any. */
  readonly loadCore?: number;
  /** How many threads a proxy that can have several gets. */
  readonly proxyThreads: number;
  /** How many worker processes the upstreams have. */
  readonly backendWorkers: number;
  /** How many threads wrk has. */
  readonly loadThreads: number;
}

/** The proxy has core 0 to itself; wrk and the upstreams share core 1. */
export const ONE_CORE: Mode = {
  name: "one-core",
  title: "One core (proxy on core 0, wrk and the upstreams on core 1)",
  proxyCore: 0,
  loadCore: 1,
  proxyThreads: 1,
  backendWorkers: 1,
  loadThreads: 1,
};

/** Nothing is pinned: the proxy, wrk and the upstreams compete for every core. */
export const ALL_CORES: Mode = {
  name: "all-cores",
  title: "All cores (nothing pinned; proxy, wrk and the upstreams share them)",
  proxyThreads: 2,
  backendWorkers: 2,
  loadThreads: 2,
};
