import type { PeerContext } from "./peer.ts";

/** The path of one of the programs in programs/. */
export function programPath(name: string): string {
  return new URL(`./programs/${name}`, import.meta.url).pathname;
}

/** The arguments that all of these programs take. */
export function programArguments({ port, upstreams }: PeerContext): string[] {
  return [port, ...upstreams].map(String);
}
