import { docker, listed, shell } from "./engine.ts";

/** One name for all test files of a run, made by the program that starts them, so that nothing of anybody else's is touched. */
export const RUN = process.env.SLUICE_COMPOSE_RUN ?? "by-hand";

/** The images of this run. */
export const IMAGES = { SLUICE_IMAGE: `sluice-test-${RUN}`, APP_IMAGE: `sluice-test-${RUN}-app` } as const;

/** Vitest's global set-up: builds both images once for all files, and removes them at the end. */
export async function setup(): Promise<void> {
  const built = await shell("docker compose --project-name sluice-test-images build init blue", IMAGES, 600_000);
  if (built.exitCode !== 0) throw new Error(`the images cannot be built:\n${built.text}`);
}

export async function teardown(): Promise<void> {
  for (const image of Object.values(IMAGES)) {
    if ((await listed("images", "--quiet", image)).length === 0) continue;
    // With a container of it left, such as one of `run --rm` that was interrupted, only its name would go.
    const containers = await listed("ps", "--all", "--quiet", "--filter", `ancestor=${image}`);
    if (containers.length > 0) await docker("rm", "--force", "--volumes", ...containers);
    await docker("image", "rm", "--force", image);
  }
}
