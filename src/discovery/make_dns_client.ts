import type { Clock } from "../runtime/clock.ts";
import { type NameServer, parseNameServer } from "../model/name_server.ts";
import type { DnsSettings } from "../model/settings.ts";
import { DnsClient } from "./dns_client.ts";
import { HostsFile } from "./hosts_file.ts";
import { DEFAULT_ATTEMPTS, DEFAULT_TIMEOUT, type ResolverConfig } from "./resolv_conf.ts";
import { systemResolver } from "./system_resolver.ts";

/**
 * Makes what asks DNS. In a module of its own with all that this needs, so that it is not loaded
 * where nothing is looked up.
 *
 * @param settings Whom to ask, checked.
 * @param clock The timers.
 */
export function makeDnsClient(settings: DnsSettings, clock: Clock): DnsClient {
  const { server } = settings;
  const own = server === undefined ? undefined : parseNameServer(server);
  const hostsFile = own === undefined ? new HostsFile() : undefined;
  return new DnsClient({
    clock,
    configure: async () =>
      withSettings(own === undefined ? await systemResolver() : only(own), settings),
    hosts: hostsFile && ((host) => hostsFile.find(host)),
  });
}

function only(server: NameServer): ResolverConfig {
  return {
    servers: [server],
    search: [],
    ndots: 0,
    timeout: DEFAULT_TIMEOUT,
    attempts: DEFAULT_ATTEMPTS,
  };
}

/** The settings count before what the system says. */
function withSettings(config: ResolverConfig, { timeout, attempts }: DnsSettings): ResolverConfig {
  return {
    ...config,
    timeout: timeout === undefined ? config.timeout : timeout * 1000,
    attempts: attempts ?? config.attempts,
  };
}
