import { describe, expect, test } from "vitest";
import { words } from "../../src/nginx/words.ts";

const said = (text: string) => words(text, "/etc/nginx/sluice", "run: nginx -t");

describe("what nginx said, fit to be shown", () => {
  test.each([
    [
      'nginx: [emerg] invalid port in upstream "1.2.3.4:x" in /etc/nginx/sluice/current/web.http.conf:7',
      { text: 'web.http.conf:7: invalid port in upstream "1.2.3.4:x"', file: "web.http.conf" },
    ],
    [
      'nginx: [emerg] unknown directive "password-hunter2" in /etc/nginx/conf.d/app.conf:3',
      { text: "nginx refuses its configuration at /etc/nginx/conf.d/app.conf:3; run: nginx -t", file: null },
    ],
    [
      "2026/11/21 06:00:00 [emerg] 12#12: bind() to 127.0.0.1:80 failed (98: Address already in use)",
      { text: "bind() to 127.0.0.1:80 failed (98: Address already in use)", file: null },
    ],
    [
      "2026/11/21 06:00:00 [alert] 12#12: worker process 13 exited with fatal code 2 and cannot be respawned",
      { text: "worker process 13 exited with fatal code 2 and cannot be respawned", file: null },
    ],
    ['nginx: [emerg] unexpected "hunter2"', { text: "nginx refuses its configuration; run: nginx -t", file: null }],
    ["", { text: "nginx refused without a reason; run: nginx -t", file: null }],
  ])("%j", (text, expected) => {
    expect(said(text)).toEqual(expected);
  });

  test("is the first complaint, not a warning before it", () => {
    const text =
      'nginx: [warn] conflicting server name "x"\nnginx: [emerg] host not found in upstream "app" in /etc/nginx/nginx.conf:9\n';
    expect(said(text).text).toBe('host not found in upstream "app" (/etc/nginx/nginx.conf:9)');
  });
});
