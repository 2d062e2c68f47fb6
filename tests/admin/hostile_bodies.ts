/** URL of the only server: a body with it can be refused only for its own fault. */
export const SERVER_URL = "http://127.0.0.1:3001";

/** Body that `/add`, `/update` and `/delete` must all refuse. */
export interface HostileBody {
  /** Name of the fault. */
  readonly name: string;
  /** The bytes. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The Content-Type; undefined sends none. */
  readonly type: string | undefined;
}

const JSON_TYPE = "application/json";
const VALID = JSON.stringify({ url: SERVER_URL });

/** All hostile bodies. */
export const HOSTILE_BODIES: readonly HostileBody[] = [
  ...wrongFields(),
  ...wrongUrls(),
  ...wrongKeys(),
  ...wrongDocuments(),
  ...wrongEncodings(),
  ...wrongTypes(),
];

function json(name: string, text: string): HostileBody {
  return { name, body: new TextEncoder().encode(text), type: JSON_TYPE };
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}… (${text.length})`;
}

/** The existing server with one invalid field, as JSON. */
function field(name: string, value: string): HostileBody {
  return json(`${name}: ${shorten(value)}`, `{"url":"${SERVER_URL}","${name}":${value}}`);
}

function wrongFields(): HostileBody[] {
  const notUint32 = [
    ["-1", "-1e308", "0.5", "1e-7", "4294967296", "4294967295.5", "9007199254740992"],
    ["9007199254740993", "1e20", "1e400", "-1e400", "1".repeat(400)],
    ['"1"', '""', '"0x10"', "true", "null", "[]", "[1]", "{}", '{"valueOf":1}'],
  ].flat();
  const notName = ["1", "null", "true", "[]", '["a"]', "{}", '""', `"${"n".repeat(256)}"`];
  const controls = ["\\u0000", "\\n", "\\r", "\\t", "\\u001b[31m", "\\u007f", "\\u0085", "\\u009b"];
  const deep = 10_000;
  return [
    ...notUint32.flatMap((value) => [field("weight", value), field("health_check_period", value)]),
    ...notName.map((value) => field("name", value)),
    ...controls.map((control) => field("name", `"a${control}b"`)),
    field("name", `"${"n".repeat(60_000)}"`),
    field("name", `"${"n".repeat(1_048_576)}"`),
    field("weight", "[".repeat(deep) + "]".repeat(deep)),
    field("weight", '{"a":'.repeat(deep) + "1" + "}".repeat(deep)),
    field("name", "[".repeat(deep) + "]".repeat(deep)),
  ];
}

function wrongUrls(): HostileBody[] {
  const urls = [
    ["", " ", "127.0.0.1:3001", "//127.0.0.1:3001", "/", "localhost", "http", "http:", "http://"],
    ["http:127.0.0.1:3001", "http:/127.0.0.1:3001", "http:///127.0.0.1:3001 "],
    ["javascript:alert(1)", "file:///etc/passwd", "ftp://127.0.0.1", "data:text/plain,a"],
    ["unix:/run/docker.sock", "ws://127.0.0.1:3001", "httpx://127.0.0.1:3001"],
    ["http://127.0.0.1:0", "http://127.0.0.1:99999", "http://127.0.0.1:-1", "http://127.0.0.1:x"],
    ["http://me:secret@127.0.0.1:3001", "http://me@127.0.0.1:3001", "http://@127.0.0.1:3001"],
    [`${SERVER_URL}?`, `${SERVER_URL}/?a=b`, `${SERVER_URL}#`, `${SERVER_URL}/#a`],
    [` ${SERVER_URL} x`, `${SERVER_URL}/a b`, `${SERVER_URL}/\ta`, `${SERVER_URL}/\na`],
    [`${SERVER_URL}/\r\nHost: evil`, `${SERVER_URL}\\..`, "http:\\\\127.0.0.1:3001"],
    [`${SERVER_URL}/\u0000`, `${SERVER_URL}/\u001b[31m`, "ht\ntp://127.0.0.1:3001"],
    ["http://[::1", "http://256.256.256.256", "http://a%00b", "http://a<b", "http://xn--a"],
    [`${SERVER_URL}/${"a".repeat(2048)}`, `http://${"a".repeat(60_000)}`],
  ].flat();
  const values = ["1", "null", "true", "[]", `["${SERVER_URL}"]`, "{}", `{"url":"${SERVER_URL}"}`];
  return [
    ...urls.map((url) => json(`url: ${shorten(JSON.stringify(url))}`, JSON.stringify({ url }))),
    ...values.map((value) => json(`url: ${value}`, `{"url":${value}}`)),
  ];
}

function wrongKeys(): HostileBody[] {
  const url = `"url":"${SERVER_URL}"`;
  return [
    json("no url", "{}"),
    json("no url, but a name", '{"name":"one"}'),
    json("the key in capitals", `{"URL":"${SERVER_URL}"}`),
    json("the library's spelling of a key", `{${url},"healthCheckPeriod":1}`),
    json("an unknown key", `{${url},"wieght":1}`),
    json("an empty key", `{${url},"":1}`),
    json("a key that drives a terminal", `{${url},"\\u001b[31m":1}`),
    json("an endless key", `{${url},"${"k".repeat(60_000)}":1}`),
    json("5,000 unknown keys", `{${url}${numberedKeys(5000)}}`),
    json("__proto__", `{${url},"__proto__":{"weight":1}}`),
    json("the url in __proto__", `{"__proto__":{${url}}}`),
    json("constructor", `{${url},"constructor":{"prototype":{"weight":1}}}`),
    json("toString", `{${url},"toString":1}`),
    json("the url twice", `{${url},${url}}`),
    json("the url twice, once escaped", `{${url},"u\\u0072l":"${SERVER_URL}"}`),
    json("the url twice, both escaped", `{"\\u0075rl":"http://a","ur\\u006c":"${SERVER_URL}"}`),
    json("the weight twice", `{${url},"weight":1,"weight":1}`),
    json("the weight twice, far apart", `{"weight":1,${url},"name":"one","weight":2}`),
    json("an empty key twice", `{${url},"":1,"":2}`),
    json("__proto__ twice", `{${url},"__proto__":1,"__proto__":2}`),
    json("a key twice further down", `{${url},"name":{"a":1,"a":2}}`),
  ];
}

function numberedKeys(count: number): string {
  return Array.from({ length: count }, (_, index) => `,"k${index}":1`).join("");
}

function wrongDocuments(): HostileBody[] {
  const texts = [
    ["", " ", "\n\n\t", "\u0000", "null", "true", "false", "0", "-1", "1e400", "[]", "[[]]"],
    ['""', '"url"', `[${VALID}]`, `["${SERVER_URL}"]`, `"${VALID.replaceAll('"', '\\"')}"`],
    [VALID.slice(0, -1), VALID.slice(0, -2), "{", '{"', '{"url"', '{"url":', "[", '"', "nul"],
    [`${VALID}x`, `${VALID}}`, `${VALID},`, `${VALID}${VALID}`, `${VALID}\u0000`, `x${VALID}`],
    [`{'url':'${SERVER_URL}'}`, `{url:"${SERVER_URL}"}`, `{"url":"${SERVER_URL}",}`],
    [`/* */${VALID}`, `${VALID}// a`, `url: ${SERVER_URL}`, `- url: ${SERVER_URL}`],
    [`)]}',\n${VALID}`, `<server url="${SERVER_URL}"/>`, `url=${SERVER_URL}`],
    [`{"url":"${SERVER_URL}","weight":NaN}`, `{"url":"${SERVER_URL}","weight":Infinity}`],
    [`{"url":"${SERVER_URL}","weight":01}`, `{"url":"${SERVER_URL}","weight":0x10}`],
    [`{"url":"${SERVER_URL}","weight":+1}`, `{"url":"${SERVER_URL}","weight":.5}`],
    [`{"url":"${SERVER_URL}","name":"a\nb"}`, `{"url":"${SERVER_URL}","name":"\\x41"}`],
    [`{"url":"${SERVER_URL}","name":undefined}`, `{"url":"${SERVER_URL}","name":"\\ud8"}`],
  ].flat();
  const deep = 10_000;
  return [
    ...texts.map((text) => json(`document: ${shorten(JSON.stringify(text))}`, text)),
    json("10,000 lists in each other", "[".repeat(deep) + "]".repeat(deep)),
    json("10,000 objects in each other", '{"url":'.repeat(deep) + "1" + "}".repeat(deep)),
    json("10,000 lists that never end", "[".repeat(deep)),
    json("a valid object and then 1 MiB of spaces", VALID.padEnd(1_048_576)),
    json("64 KiB and one byte", VALID.padEnd(65_537)),
  ];
}

function wrongEncodings(): HostileBody[] {
  const text = new TextEncoder().encode(VALID);
  const sequences: Record<string, number[]> = {
    "a lone continuation byte": [0x80],
    "bytes that no UTF-8 has": [0xff, 0xfe],
    "an overlong slash": [0xc0, 0xaf],
    "a surrogate half": [0xed, 0xa0, 0x80],
    "a sequence that breaks off": [0xe2, 0x82],
    "beyond the last code point": [0xf4, 0x90, 0x80, 0x80],
  };
  const invalid = Object.entries(sequences).map(([name, bytes]) => ({
    name: `invalid UTF-8: ${name}`,
    body: concat(new TextEncoder().encode(`{"url":"${SERVER_URL}","name":"`), bytes, '"}'),
    type: JSON_TYPE,
  }));
  return [
    ...invalid,
    { name: "invalid UTF-8 behind the object", body: concat(text, [0xff], ""), type: JSON_TYPE },
    { name: "UTF-16LE", body: utf16(VALID), type: JSON_TYPE },
    { name: "UTF-16LE with a mark", body: utf16(`\ufeff${VALID}`), type: JSON_TYPE },
    { name: "gzip's magic bytes", body: new Uint8Array([0x1f, 0x8b, 8, 0]), type: JSON_TYPE },
    { name: "invalid UTF-8 as text", body: new Uint8Array([0xff]), type: "text/plain" },
    { name: "UTF-16LE as text", body: utf16(SERVER_URL), type: "text/plain" },
  ];
}

function concat(head: Uint8Array, bytes: readonly number[], tail: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...head, ...bytes, ...new TextEncoder().encode(tail)]);
}

function utf16(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint16Array.from(text, (unit) => unit.charCodeAt(0)).buffer);
}

function wrongTypes(): HostileBody[] {
  const types = [
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/html"],
    ["text/xml", "application/xml", "application/yaml", "text/json", "application/jsonp"],
    ["application/json; charset=latin1", "application/json; charset=utf-16", "application/json,"],
    ["application/problem+json", "application/*", "*/*", "json", "/", ";", "x".repeat(1000)],
    ["text/plain; charset=latin1", "text/plain; charset=utf-16", "application/octet-stream"],
    ["application/json, text/plain", "application/json; boundary=a"],
  ].flat();
  const texts = ["", "  ", "x", "http://127.0.0.1:3009", `${SERVER_URL} ${SERVER_URL}`, VALID];
  const bytes = new TextEncoder().encode(VALID);
  return [
    ...types.map((type) => ({ name: `type ${shorten(type)}`, body: bytes, type })),
    ...texts.flatMap((text) =>
      [undefined, "text/plain"].map((type) => ({
        name: `${JSON.stringify(text)} ${type === undefined ? "without a type" : `as ${type}`}`,
        body: new TextEncoder().encode(text),
        type,
      }))
    ),
  ];
}
