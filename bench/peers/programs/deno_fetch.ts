import { fetchForwarder } from "./fetch_forwarder.mjs";
import { readArguments } from "./least_connections.mjs";

const { port, origins } = readArguments(Deno.args);

Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, fetchForwarder(origins));
