import type { ComponentChild } from "preact";
import type { MemberView, ServiceView } from "../core/view.ts";
import { moveMember } from "./act.ts";
import { percentOfBp } from "./figures.ts";
import { mayNow } from "./may.ts";
import { poolClass } from "./pool-colour.ts";
import { Scroll } from "./scroll.tsx";
import { VerbButton } from "./verb-button.tsx";
import { barrier } from "./verbs.ts";

const HEALTH: Readonly<Record<MemberView["health"], readonly [glyph: string, word: string]>> = {
  ready: ["✓", "ready"],
  down: ["✕", "down"],
  unknown: ["?", "unknown"],
  kept: ["!", "down, kept as the last one"],
};

/** Nothing is said to be in flight only once nginx is proved to have the member out. */
const STATES: Readonly<Record<MemberView["state"], (member: MemberView) => ComponentChild>> = {
  ready: () => <span class="dim">in service</span>,
  draining: ({ inFlight }) => (inFlight === 0 ? "out, may be stopped" : "draining"),
  down: () => "spare",
};

/** Every member of every pool: its health, what it is told to do, its requests in flight, and the last reason. */
export function Members({ service }: { readonly service: ServiceView }) {
  return (
    <Scroll label="Table of members">
      <table class="members stacked">
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Health</th>
            <th scope="col">State</th>
            <th scope="col" class="right">
              In flight
            </th>
            <th scope="col">Last reason</th>
            <th scope="col">
              <span class="unseen">Action</span>
            </th>
          </tr>
        </thead>
        {Object.entries(service.pools).map(([pool, { members, from }]) => (
          <tbody key={pool}>
            <tr class="pool-row">
              <th scope="rowgroup" colSpan={6}>
                <span class={`swatch ${poolClass(service, pool)}`} aria-hidden="true" />
                {pool} <span class="dim">{poolNote(service, pool, from)}</span>
              </th>
            </tr>
            {members.map((member) => (
              <Row key={member.address} service={service} pool={pool} member={member} />
            ))}
          </tbody>
        ))}
      </table>
    </Scroll>
  );
}

function poolNote({ stable, candidate, wanted }: ServiceView, pool: string, from: "config" | "api"): string {
  const role = pool === stable ? ["stable"] : pool === candidate ? ["candidate"] : [];
  const share = [`${percentOfBp(wanted.shares[pool] ?? 0)} wanted`];
  return [...role, ...share, ...(from === "api" ? ["members set by hand"] : [])].join(" · ");
}

type RowProps = { readonly service: ServiceView; readonly pool: string; readonly member: MemberView };

function Row({ service, pool, member }: RowProps) {
  const [glyph, word] = HEALTH[member.health];
  return (
    <tr data-member={member.address} data-health={member.health} data-state={member.state}>
      <th scope="row" class="address">
        {member.address}
      </th>
      <td>
        <span class={`health ${member.health}`}>
          <span aria-hidden="true">{glyph}</span> {word}
        </span>
      </td>
      <td class="state">{STATES[member.state](member)}</td>
      <td class="right" data-label="in flight">
        {member.inFlight ?? <span class="dim">–</span>}
      </td>
      <td class={member.reason === null ? "reason none" : "reason"}>{member.reason ?? <span class="dim">–</span>}</td>
      <td class="right">{member.state !== "down" && <Move service={service} pool={pool} member={member} />}</td>
    </tr>
  );
}

function Move({ service, pool, member }: RowProps) {
  const out = member.state === "draining";
  const { address } = member;
  return (
    <VerbButton
      label={out ? "Put back" : "Drain"}
      name={`${out ? "Put back" : "Drain"} ${address}`}
      class="quiet"
      does={out ? "Gives it new requests again." : "Gives it no new requests; those under way end. It can be put back."}
      blocked={barrier(mayNow())}
      asks={`${out ? "ready" : "drain"} ${address}`}
      service={service.name}
      onUse={() => void moveMember(service, pool, address, out ? "ready" : "drain")}
    />
  );
}
