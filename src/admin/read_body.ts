import { Problem } from "./problem.ts";

/** Maximum size of a request's body, in bytes. A server with its longest values takes 3 KiB. */
export const BODY_MAX_BYTES = 65_536;

/** Media types of JSON. */
export const JSON_TYPES: readonly string[] = ["application/json"];

/**
 * Reads a request's body as JSON, or as plain text where that is allowed.
 *
 * @param request The request.
 * @param plainText Whether the body may be plain text: if its type says so, or it has no type.
 * @returns The value of the JSON, or the text.
 * @throws {Problem} 400, 413 or 415.
 */
export async function readBody(request: Request, plainText: boolean): Promise<unknown> {
  // Callers that send just a URL often give no type.
  if (plainText && !request.headers.has("content-type")) return await readText(request);
  const type = checkMediaType(request, plainText ? [...JSON_TYPES, "text/plain"] : JSON_TYPES);
  return type === "text/plain" ? await readText(request) : await readJson(request);
}

/**
 * Reads a request's body as JSON, whatever its type.
 *
 * @throws {Problem} 400 or 413.
 */
export async function readJson(request: Request): Promise<unknown> {
  return parseJson(decode(await readBytes(request)));
}

async function readText(request: Request): Promise<string> {
  return decode(await readBytes(request)).trim();
}

/**
 * Checks the media type of a request's body.
 *
 * @param request The request.
 * @param allowed The allowed types, in UTF-8.
 * @returns The type.
 * @throws {Problem} 415, with the allowed types.
 */
export function checkMediaType(request: Request, allowed: readonly string[]): string {
  const field = request.headers.get("content-type");
  const [type = "", ...parameters] = (field ?? "").toLowerCase().split(";").map((s) => s.trim());
  const utf8 = parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter));
  if (allowed.includes(type) && utf8) return type;
  const found = field === null ? "there is none" : `not ${field.slice(0, 100)}`;
  const detail = `must be ${allowed.join(" or ")} in UTF-8; ${found}`;
  throw new Problem(415, `The content type ${detail}`, {
    faults: [{ field: "content-type", detail }],
    // RFC 9110 §15.5.16, and RFC 5789 §2.2 for PATCH.
    headers: { [request.method === "PATCH" ? "accept-patch" : "accept"]: allowed.join(", ") },
  });
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) {
        const detail = `must not be larger than ${BODY_MAX_BYTES} bytes`;
        throw new Problem(413, `The body ${detail}`, { faults: [{ field: "body", detail }] });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    // Anything else is a failure of the client's connection.
    throw error instanceof Problem ? error : badBody("broke off before its end");
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badBody("is not valid UTF-8");
  }
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badBody(`is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const key = findDuplicateKey(text);
  if (key === undefined) return value;
  throw new Problem(400, `The body has the key ${JSON.stringify(key)} twice; keep one`, {
    faults: [{ field: key === "" ? '""' : key, detail: "must not be given twice" }],
  });
}

function badBody(detail: string): Problem {
  return new Problem(400, `The body ${detail}`, { faults: [{ field: "body", detail }] });
}

/**
 * Finds a key that an object in a JSON text has twice. `JSON.parse` silently keeps the last one,
 * while another parser may keep the first (RFC 8259 §4).
 *
 * @param json A JSON text that `JSON.parse` accepts.
 * @returns The first such key, or undefined.
 */
export function findDuplicateKey(json: string): string | undefined {
  // A set of keys for each object that is open, and undefined for each list.
  const open: (Set<string> | undefined)[] = [];
  for (const match of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const token = match[0];
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (match[1] !== undefined) {
      const key = JSON.parse(token.slice(0, -match[1].length)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
