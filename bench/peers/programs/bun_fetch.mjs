import process from "node:process";
import { fetchForwarder } from "./fetch_forwarder.mjs";
import { readArguments } from "./least_connections.mjs";

const { port, origins } = readArguments(process.argv.slice(2));

Bun.serve({ port, hostname: "127.0.0.1", fetch: fetchForwarder(origins, { decompress: false }) });
