/** A kind of load. */
export interface Scenario {
  /** Its name on the command line. */
  readonly name: string;
  /** Its name in the report. */
  readonly title: string;
  /** The path that is asked for; see backend.ts for what answers. */
  readonly path: string;
  /** How many clients there are, each waiting for its answer before it asks again. */
  readonly connections: number;
  /** The method; GET unless given. */
  readonly method?: string;
  /** How much content each request has, in bytes; none unless given. */
  readonly contentBytes?: number;
  /** Fields beside `Host`. */
  readonly headers?: readonly string[];
  /** Whether the clients think between requests so that the peer is half as busy as it can be. */
  readonly halfLoad?: true;
}

/** The scenario whose maximum the half load is half of. */
export const SMALL_GET: Scenario = {
  name: "small",
  title: "GET 20 B, 64 keep-alive clients",
  path: "/",
  connections: 64,
};

/** Every scenario, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  SMALL_GET,
  { name: "1k", title: "GET 1 KiB, 64 clients", path: "/1k", connections: 64 },
  { name: "100k", title: "GET 100 KiB, 64 clients", path: "/100k", connections: 64 },
  { name: "10m", title: "GET 10 MiB, 16 clients", path: "/10m", connections: 16 },
  {
    name: "post",
    title: "POST 10 KiB, 64 clients",
    path: "/post",
    connections: 64,
    method: "POST",
    contentBytes: 10 * 1024,
  },
  {
    name: "new-connection",
    title: "GET 20 B, a new connection per request, 64 clients",
    path: "/",
    connections: 64,
    headers: ["Connection: close"],
  },
  { name: "1000-clients", title: "GET 20 B, 1,000 clients", path: "/", connections: 1000 },
  {
    name: "half-load",
    title: "GET 20 B at half of the peer's own maximum, 128 thinking clients",
    path: "/",
    // More than the others, so that think times are long beside wrk's resolution of 1 ms.
    connections: 128,
    halfLoad: true,
  },
  {
    name: "20-headers",
    title: "GET 20 B with 20 request headers, 64 clients",
    path: "/",
    connections: 64,
    headers: browserHeaders(),
  },
];

/** 19 fields, which with `Host` are 20: what a browser sends to a site with a few cookies. */
function browserHeaders(): string[] {
  return [
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7,fr;q=0.6",
    "Cache-Control: no-cache",
    "Pragma: no-cache",
    "Priority: u=0, i",
    'Sec-Ch-Ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
    "Sec-Ch-Ua-Mobile: ?0",
    'Sec-Ch-Ua-Platform: "Linux"',
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-User: ?1",
    "Upgrade-Insecure-Requests: 1",
    "Dnt: 1",
    "Referer: https://shop.example.com/catalogue/shoes?page=3&sort=price&size=43&colour=brown",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
    "Chrome/140.0.0.0 Safari/537.36",
    `Cookie: session=${"5f3a9c1e".repeat(8)}; basket=${"b7e2".repeat(10)}; theme=dark; ` +
    `consent=v2.${"1Ab0".repeat(12)}; _ga=GA1.2.1234567890.1700000000`,
    "X-Request-Id: 4c9f1f0e-7f0b-4a54-9a55-0c7b8d2f6e11",
  ];
}
