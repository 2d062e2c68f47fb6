import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { assert, assertEquals } from "@std/assert";
import { EventStreams } from "../../src/admin/event_streams.ts";
import { openApi } from "../../src/admin/openapi.ts";
import type { Routes } from "../../src/admin/operation.ts";
import { adminRoutes } from "../../src/admin/routes.ts";
import { TrafficMeter } from "../../src/admin/traffic_meter.ts";
import { EventLog } from "../../src/state/event_log.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";

/** A part of an OpenAPI document. */
// deno-lint-ignore no-explicit-any
type Part = any;

/** The routes of an admin API that nobody calls. */
export function describedRoutes(): Routes {
  function traffic(): never {
    throw new Error("not expected");
  }
  return adminRoutes({
    streams: new EventStreams(systemClock),
    meter: new TrafficMeter({ traffic, events: new EventLog(() => new Date(0)) }),
  });
}

/** The description of the admin API, to hold its answers against. */
export class OpenApiDocument {
  /** The document. */
  readonly json: Part = JSON.parse(JSON.stringify(openApi(describedRoutes())));
  readonly #ajv = new Ajv2020.default({ strict: false, allErrors: true });

  constructor() {
    addFormats.default(this.#ajv);
    // A field that nobody has described is a fault, though clients are to bear it.
    const schemas = JSON.parse(
      JSON.stringify(this.json.components.schemas),
      (_, value) =>
        value?.type === "object" && value.additionalProperties === undefined
          ? { ...value, additionalProperties: false }
          : value,
    );
    this.#ajv.addSchema({ $id: "api:", components: { schemas } });
  }

  /** The statuses that are described for an operation, `default` among them. */
  statuses(method: string, path: string): string[] {
    return Object.keys(this.json.paths[path][method.toLowerCase()].responses);
  }

  /** Fails if a response is not one that the document describes for this operation. */
  async assertDescribed(response: Response, method: string, path: string): Promise<void> {
    const { responses } = this.json.paths[path][method.toLowerCase()];
    const described = responses[response.status] ?? responses.default;
    const success = response.status < 400;
    assert(!success || described !== responses.default, `${response.status} is not described`);
    const text = await response.text();
    for (const name of Object.keys(described.headers ?? {})) {
      // A refused change has no tag.
      const has = response.headers.has(name) || text.startsWith('{"dry_run":true');
      assert(has, `${method} ${path}: no ${name}`);
    }
    const type = response.headers.get("content-type")?.split(";")[0];
    if (described.content === undefined) return assertEquals(text, "");
    const content = described.content[type!];
    assert(content !== undefined, `${method} ${path}: ${type} is not described`);
    const value = /json$/.test(type!) ? JSON.parse(text) : text;
    const schema = JSON.parse(
      JSON.stringify(content.schema).replaceAll('"#/components', '"api:#/components'),
    );
    const valid = this.#ajv.validate(schema, value);
    assert(valid, `${method} ${path} ${response.status}: ${this.#ajv.errorsText()} in ${text}`);
  }
}
