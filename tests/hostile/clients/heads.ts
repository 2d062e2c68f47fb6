import { type ClientCase, GET, passed, refused } from "./client_case.ts";

const CLOSE = "Connection: close\r\n\r\n";

function withHost(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\n${CLOSE}`;
}

function withTarget(target: string, method = "GET"): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${CLOSE}`;
}

/** Request lines and fields that break RFC 9112, or claim what is not so. */
export const CLIENT_HEADS: readonly ClientCase[] = [
  ...refused({
    "two Hosts": `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n${CLOSE}`,
    "two Hosts that are equal": `GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n${CLOSE}`,
    "an empty Host": withHost(""),
    "a Host with a user": withHost("u@a"),
    "a Host with a user and a password": withHost("u:p@a"),
    "a Host with a space": withHost("a b"),
    "a Host with a tab": withHost("a\tb"),
    "a Host with a slash": withHost("a/b"),
    "a Host with a backslash": withHost("a\\b"),
    "a Host with a question mark": withHost("a?b"),
    "a Host with a fragment": withHost("a#b"),
    "a Host that is a URL": withHost("http://a"),
    "a Host in quotes": withHost('"a"'),
    "a Host with brackets in it": withHost("a[b]"),
    "a Host that is half an address": withHost("[::1"),
    "a Host that is the other half": withHost("::1]"),
    "a Host with something behind the address": withHost("[::1]a"),
    "a Host with a port of letters": withHost("a:b"),
    "a Host with two ports": withHost("a:80:81"),
    "a Host with a negative port": withHost("a:-80"),
    "a Host with bytes above 0x7F": withHost("\xc4\x8d\xc4\x8a"),
    "a Host with a list of two": withHost("a, b"),
    "an absolute target with a user": withTarget("http://u@b/"),
    "an absolute target with a port of letters": withTarget("http://b:c/"),
    "no fields at all": "GET /\r\n\r\n",
    "HTTP/0.9 with a version": withTarget("/").replace("1.1", "0.9"),
    "HTTP/1.2": withTarget("/").replace("1.1", "1.2"),
    "HTTP/2.0": withTarget("/").replace("1.1", "2.0"),
    "a lower-case http": withTarget("/").replace("HTTP/", "http/"),
    "a target with a space": withTarget("/a b"),
    "a target with NUL": withTarget("/a\0b"),
    "a target with a bare CR": withTarget("/a\rb"),
    "a target with DEL": withTarget("/a\x7fb"),
    "no target": "GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "an authority for a target": withTarget("b:80"),
    "a relative target": withTarget("a/b"),
    "an asterisk with GET": withTarget("*"),
    "a scheme without slashes": withTarget("foo:bar"),
    "a target of 100 KiB": withTarget(`/${"a".repeat(100_000)}`),
    "a field of 500 KiB": `${GET}X: ${"a".repeat(500_000)}\r\n\r\n`,
    "a method with a slash": withTarget("/", "GE/T"),
    "no method": withTarget("/", ""),
    "NUL in a value": `${GET}X: a\0b\r\n\r\n`,
    "NUL in a name": `${GET}X\0: a\r\n\r\n`,
    "a bare CR in a value": `${GET}X: a\rb\r\n\r\n`,
    "a bare CR for line breaks": "GET / HTTP/1.1\rHost: a\r\r\r\n\r\n",
    "obs-fold": `${GET}X: a\r\n b\r\n\r\n`,
    "obs-fold of the Host": "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n",
    "a fold before the first field": "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "a space before the colon": `${GET}X : a\r\n\r\n`,
    "a name in quotes": `${GET}"X": a\r\n\r\n`,
    "a name with a byte above 0x7F": `${GET}\xe9: a\r\n\r\n`,
    "no name": `${GET}: a\r\n\r\n`,
    "no colon": `${GET}X\r\n\r\n`,
  }),
  ...refused({
    "CONNECT": "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\nConnection: close\r\n\r\n",
    "TRACE": withTarget("/", "TRACE"),
  }, [405]),
  ...passed("GET / a ", {
    "bare LF for line breaks": "GET / HTTP/1.1\nHost: a\nConnection: close\n\n",
    "empty lines first": `\r\n\r\n${GET}\r\n`,
    "h2c": "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\n" +
      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    "an Upgrade to nothing known": "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\n" +
      "Upgrade: foo/2\r\n\r\n",
    "UTF-8 that would be a line break in Latin-1": `${GET}X: a\xc4\x8d\xc4\x8ab\r\n\r\n`,
    "Connection that names everything":
      "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nForwarded: x\r\n" +
      "Connection: close, host, forwarded, via, x-forwarded-for, x-forwarded-proto, cookie\r\n\r\n",
    "a Connection of commas": `GET / HTTP/1.1\r\nHost: a\r\nConnection: ,,close,, ,\r\n\r\n`,
    "hop-by-hop fields":
      `${GET}TE: trailers\r\nKeep-Alive: 1\r\nProxy-Connection: x\r\nTrailer: x\r\n\r\n`,
    "names of Object.prototype": `${GET}__proto__: a\r\nconstructor: b\r\n\r\n`,
    "a repeated field": `${GET}${"X: a\r\n".repeat(80)}\r\n`,
    "a fragment": withTarget("/#b"),
    "an absolute target": withTarget("http://a/").replace("Host: a", "Host: b"),
    "an absolute target without a path": withTarget("http://a").replace("Host: a", "Host: b"),
    "HTTP/1.0": "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
  }),
  // The platform tells no difference between "*" and "/*".
  ...passed("OPTIONS * a ", {
    "an asterisk": withTarget("*", "OPTIONS"),
    "an asterisk behind a slash": withTarget("/*", "OPTIONS"),
  }),
  ...passed("GET /* a ", { "an asterisk behind a slash with GET": withTarget("/*") }),
  ...passed("GET / a* ", { "a Host with an asterisk": withHost("a*") }),
  ...passed("GET /?b a ", { "an absolute target with a query only": withTarget("http://a?b") }),
  ...passed("GET / a:8080 ", { "a Host with a port": withHost("a:8080") }),
  ...passed("GET / a: ", { "a Host with an empty port": withHost("a:") }),
  ...passed("GET / [::1]:80 ", { "a Host that is an address": withHost("[::1]:80") }),
  ...passed("GET / a,b ", { "a Host with a comma": withHost("a,b") }),
  ...passed("GET / a%0d%0ab ", { "a Host with an encoded line break": withHost("a%0d%0ab") }),
  ...passed("GET //b/c a ", { "a target that looks like an authority": withTarget("//b/c") }),
  ...passed("GET /%0d%0aX:%20b a ", { "an encoded line break": withTarget("/%0d%0aX:%20b") }),
  ...passed("GET /%C4%8D%C4%8AX a ", {
    "a line break in Latin-1": withTarget("/\xc4\x8d\xc4\x8aX"),
  }),
  ...passed("GET /../../etc%2fpasswd a ", { "dots": withTarget("/../../etc%2fpasswd") }),
  ...passed("get / a ", { "a method in lower case": withTarget("/", "get") }),
  ...passed("!#$%&'*+-.^_`|~09azAZ / a ", {
    "a method of odd characters": withTarget("/", "!#$%&'*+-.^_`|~09azAZ"),
  }),
  ...passed(`GET /${"a".repeat(7000)} a `, {
    "a target of 7000": withTarget(`/${"a".repeat(7000)}`),
  }),
];
