import type { Control } from "../core/control.ts";
import type { PlanView, TargetChange } from "../core/planned.ts";
import { mayOperate } from "./auth.ts";
import type { ApiOptions } from "./options.ts";
import { startInput } from "./rollouts.ts";
import { operation, type Routes } from "./route.ts";
import { ServicePath } from "./schemas/names.ts";
import { PlanView as PlanAnswer, PlanBody } from "./schemas/plan.ts";
import { acceptSteps } from "./steps.ts";

const NOT_SHOWN = "nginx's files are shown to tokens with the scope operate: a template of your own may hold a secret";

/** What a start would do. A POST for its body alone: it changes nothing, so `read` is enough, for all but nginx's files. */
export function planRoutes(app: Routes, control: Control, parseSteps: ApiOptions["parseSteps"]): void {
  const plan = operation("planRollout", "rollouts", "What a start would do now; changes nothing", "read");
  app.post(
    "/v1/services/:service/plan",
    {
      config: plan.config,
      schema: { ...plan.words, params: ServicePath, body: PlanBody, response: { 200: PlanAnswer, ...plan.problem } },
    },
    async (request) => {
      const { strategy, steps, assume = {}, ...common } = request.body;
      const input = startInput(strategy, common, steps === undefined ? null : acceptSteps(parseSteps(steps)));
      const assumed = { requestsPerS: assume.requestsPerS ?? null, errorRatio: assume.errorRatio ?? null };
      const planned = await control.plan(request.params.service, input, assumed);
      return mayOperate(request) ? planned : withoutDiffs(planned);
    },
  );
}

function withoutDiffs(plan: PlanView): PlanView {
  const hidden = (change: TargetChange) => ({ ...change, diff: null, problem: NOT_SHOWN });
  return {
    ...plan,
    begins: plan.begins.map(hidden),
    steps: plan.steps.map((step) => ({ ...step, nginx: step.nginx.map(hidden) })),
  };
}
