import type { Mallory } from '#/drill/autentico/attacker.ts'
import { robAlice } from '#/drill/autentico/rob-alice.ts'
import type { Planted } from '#/drill/autentico/steal-admin.ts'
import { type AttackerOptions, type AttackerWatch, createAttacker } from '#/drill/page/glass/attacker.ts'
import type { Attacker, GlassActs } from '#/drill/page/wire.ts'
import type { Stage } from '#/drill/stage.ts'
import { type OpenedIncident, openRequests } from '#/incident/state.ts'
import { currentIncident, isDefended, passwordFacts } from './drill-facts.ts'
import { type Plot, plotOf } from './drill-plots.ts'

export type AttackersOptions = Pick<AttackerOptions, 'hindrance' | 'noticed' | 'onChange'> & {
  readonly stage: Stage
  readonly planted: Planted
  readonly incidents: () => readonly OpenedIncident[]
}

/** The attacker as the current incident has it: what was stolen depends on what the incident is about. */
export type Attackers = AttackerWatch & {
  /** Something has happened in an incident. */
  readonly look: () => void
}

const name = 'mallory'
const firstVictim = 'alice'

/**
 * Alice is robbed before anything happens; for an incident of another kind mallory has what that is about when it is opened, and
 * tries at once what can be tried again. Every door is tried when an incident became contained, and when it is over.
 */
export async function createAttackers(options: AttackersOptions): Promise<Attackers> {
  const { incidents, onChange } = options
  const ofAlice = await alicesRobber(options)
  const others = new Map<string, AttackerWatch | 'busy' | 'empty-handed'>()

  const watchOf = (incident: OpenedIncident | undefined): AttackerWatch | 'busy' | 'empty-handed' =>
    (incident === undefined ? undefined : others.get(incident.id)) ?? ofAlice
  const attackWhenItMatters = createOpportunist(incidents, (incident) => {
    const watch = watchOf(incident)
    // What came of it, and what hindered it, stands in the log.
    if (typeof watch !== 'string') watch.attack('all').catch(() => undefined)
  })

  const begin = async (incident: OpenedIncident, plot: Plot): Promise<void> => {
    others.set(incident.id, 'busy')
    try {
      const watch = await robber(options, incident, plot)
      others.set(incident.id, watch)
      await watch.attack('repeatable')
    } catch {
      if (others.get(incident.id) === 'busy') others.set(incident.id, 'empty-handed')
    }
    onChange()
  }

  const look = (): void => {
    for (const incident of incidents()) {
      const plot = plotOf(incident.playbook.id)
      if (plot === undefined || plot.target === firstVictim || incident.status === 'closed') continue
      if (!others.has(incident.id)) void begin(incident, plot)
    }
    attackWhenItMatters()
  }
  look()

  return {
    look,
    attacker(): Attacker {
      const watch = watchOf(currentIncident(incidents()))
      return typeof watch === 'string' ? { name, busy: watch === 'busy', doors: [] } : watch.attacker()
    },
    async attack(doors: GlassActs['attack']['doors']) {
      const watch = watchOf(currentIncident(incidents()))
      if (typeof watch === 'string') throw new Error(`${name} has nothing to try with here.`)
      await watch.attack(doors)
    },
  }
}

/** Robbed twice: who tries every door early must still see them tried when it matters. */
async function alicesRobber(options: AttackersOptions): Promise<AttackerWatch> {
  const { stage, incidents } = options
  const ofAlice = () => incidents().filter(({ target }) => target.username === firstVictim)
  const robberies: readonly Mallory[] = [await robAlice(stage.autentico), await robAlice(stage.autentico)]
  const watch = createAttacker({
    ...options,
    name,
    robberies,
    // A password that was set by one link is no secret to whoever holds the next.
    gotIn: (by) => {
      const password = robberies.find((one) => one === by)?.password()
      if (password !== undefined) for (const other of robberies) other.learns(password)
    },
    isReserveOpen: () => ofAlice().at(-1)?.containedAt !== undefined,
    isDefended: () => ofAlice().some(isDefended),
  })
  await watch.attack('repeatable')
  return watch
}

async function robber(options: AttackersOptions, { id }: OpenedIncident, { steal }: Plot): Promise<AttackerWatch> {
  const { stage, planted, incidents } = options
  const incident = () => incidents().find((one) => one.id === id)
  const robberies = [await steal(stage.autentico, planted), await steal(stage.autentico, planted)]
  return createAttacker({
    ...options,
    name,
    robberies,
    isReserveOpen: () => incident()?.containedAt !== undefined,
    isDefended: () => incidents().some((one) => one.id === id && isDefended(one)),
  })
}

/**
 * Calls `attack` when an incident became contained, and again when access was given back or the incident was closed without that. Never
 * while a request is open: a sign-in changes what the request was shown with, and would void its approval.
 */
function createOpportunist(
  incidents: () => readonly OpenedIncident[],
  attack: (incident: OpenedIncident) => void,
): () => void {
  /** What mattered before this drill began is over. */
  const seen = new Set<string>()
  const wanted = new Set<string>()
  let begun = false
  return () => {
    for (const incident of incidents()) {
      for (const occasion of occasions(incident)) {
        if (!seen.has(occasion) && begun) wanted.add(incident.id)
        seen.add(occasion)
      }
    }
    begun = true
    if (incidents().some((one) => one.status === 'open' && openRequests(one).length > 0)) return
    for (const incident of incidents()) if (wanted.delete(incident.id)) attack(incident)
  }
}

function occasions(incident: OpenedIncident): readonly string[] {
  const restored = passwordFacts(incident)?.is === 'temporary'
  return [
    ...(incident.containedAt === undefined ? [] : [`${incident.id} contained`]),
    ...(restored ? [`${incident.id} over`] : []),
    ...(incident.status === 'closed' ? [`${incident.id} over`] : []),
  ]
}
