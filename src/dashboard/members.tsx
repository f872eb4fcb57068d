import type { MemberView, ServiceView } from "../core/view.ts";
import { moveMember } from "./act.ts";
import { percentOfBp } from "./figures.ts";
import { mayNow } from "./may.ts";
import { poolClass } from "./pool-colour.ts";
import { Scroll } from "./scroll.tsx";
import { barrier } from "./verbs.ts";

const HEALTH: Readonly<Record<MemberView["health"], readonly [glyph: string, word: string]>> = {
  ready: ["✓", "ready"],
  down: ["✕", "down"],
  unknown: ["?", "unknown"],
  kept: ["!", "down, kept as the last one"],
};

/** Every member of every pool: its health, what it is told to do, its requests in flight, and the last reason. */
export function Members({ service }: { readonly service: ServiceView }) {
  return (
    <Scroll label="Table of members">
      <table class="members">
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
      <td>{member.state === "ready" ? <span class="dim">in service</span> : member.state}</td>
      <td class="right">{member.inFlight ?? <span class="dim">–</span>}</td>
      <td class="reason">{member.reason ?? <span class="dim">–</span>}</td>
      <td class="right">
        <Move service={service} pool={pool} member={member} />
      </td>
    </tr>
  );
}

function Move({ service, pool, member }: RowProps) {
  const out = member.state === "draining";
  const blocked = barrier(mayNow());
  const does = out ? "Gives it new requests again." : "Gives it no new requests; those under way end. It can be put back.";
  return (
    <button
      type="button"
      class="quiet"
      aria-disabled={blocked !== null}
      title={blocked ?? does}
      aria-label={`${out ? "Put back" : "Drain"} ${member.address}`}
      onClick={() => blocked === null && void moveMember(service, pool, member.address, out ? "ready" : "drain")}
    >
      {out ? "Put back" : "Drain"}
    </button>
  );
}
