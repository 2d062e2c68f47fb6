/**
 * Writes `schema/config.schema.json` from the schema that validates the configuration.
 * A test fails while the file is not what this would write.
 */

import { configJsonSchema } from "../src/config/json_schema.ts";

const file = new URL("../schema/config.schema.json", import.meta.url);

if (import.meta.main) {
  await Deno.writeTextFile(file, configJsonSchema());
}
