import { expect, test } from "vitest";
import { ApiUnderTest } from "../api/api-under-test.ts";
import { CHROMIUM, startBrowser } from "./browser.ts";

test.skipIf(CHROMIUM === null)(
  "the reference page shows every operation with its examples and tries one out, under its policy and without outside addresses",
  { timeout: 120_000 },
  async () => {
    await using api = await ApiUnderTest.start();
    await using browser = await startBrowser();
    const { page, complaints, origins } = await browser.open();
    await page.goto(`${api.url}/docs`);
    await page.waitForSelector(".opblock");
    const paths = api.document.paths as Record<string, object>;
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
    expect(await page.locator(".opblock").count()).toBe(operations.length);

    const start = page.locator("#operations-rollouts-startRollout");
    await start.locator(".opblock-summary-control").click();
    await start.getByText('"release 42"').first().waitFor();
    await page.getByRole("button", { name: "Authorize" }).first().click();
    await page.locator(".auth-container input").fill(api.tokens.read);
    await page.locator(".auth-btn-wrapper .authorize").click();
    await page.locator(".auth-btn-wrapper .btn-done").click();
    const whoami = page.locator("#operations-health-whoami");
    await whoami.locator(".opblock-summary-control").click();
    await whoami.getByRole("button", { name: "Try it out" }).click();
    await whoami.getByRole("button", { name: "Execute" }).click();
    await whoami.locator(".live-responses-table").getByText("200").first().waitFor();
    await whoami.locator(".live-responses-table").getByText('"read"').first().waitFor();

    expect([...origins]).toEqual([api.url]);
    expect(complaints).toEqual([]);
  },
);
