import { ballast, ballastWorkers } from "./ballast.ts";
import { bunFetch } from "./bun_fetch.ts";
import { caddy } from "./caddy.ts";
import { denoFetch } from "./deno_fetch.ts";
import { fastifyReplyFrom } from "./fastify_reply_from.ts";
import { haproxy } from "./haproxy.ts";
import { nginx } from "./nginx.ts";
import { nodeHttpProxy } from "./node_http_proxy.ts";
import type { Peer } from "./peer.ts";

/** The peer that all others are compared with, unless told otherwise. */
export const REFERENCE: Peer = haproxy;

/** Every peer, in the order of the report. */
export const PEERS: readonly Peer[] = [
  haproxy,
  ballast,
  ballastWorkers,
  nginx,
  caddy,
  bunFetch,
  denoFetch,
  fastifyReplyFrom,
  nodeHttpProxy,
];
