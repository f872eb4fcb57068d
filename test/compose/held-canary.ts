import { expect } from "vitest";
import { type Stack, served } from "./stack.ts";

/** A canary that stays at 25 % until somebody approves, so that nothing but the failure moves it. */
export async function startCanary(stack: Stack): Promise<void> {
  const steps = [
    { share: "25%", until: "approved" },
    { share: "75%", until: "approved" },
  ];
  const { status } = await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary", to: "green", steps });
  expect(status).toBe(201);
  await stack.until("25 % is served", (web) => served(web)?.green === 25);
}

/** Waits until all three containers of both pools are healthy. */
export async function allReady(stack: Stack): Promise<void> {
  const count = (pools: Awaited<ReturnType<Stack["web"]>>["pools"]) =>
    Object.values(pools)
      .flatMap(({ members }) => members.flatMap(({ endpoints }) => endpoints))
      .filter(({ health }) => health === "ready").length;
  await stack.until("six endpoints are ready", ({ pools }) => count(pools) === 6);
}
