import { join } from 'node:path'
import { robAlice } from '#/drill/autentico/rob-alice.ts'
import { cast } from '#/drill/cast.ts'
import { type AccountTarget, watchAccount } from '#/drill/page/glass/account.ts'
import { type AttackerWatch, createAttacker } from '#/drill/page/glass/attacker.ts'
import { createBell, joinGlass } from '#/drill/page/glass/glass.ts'
import { hint } from '#/drill/page/glass/hint.ts'
import { createMachine, type MachineSwitches } from '#/drill/page/glass/machine.ts'
import { type QueueNames, watchQueue } from '#/drill/page/glass/queue.ts'
import type { Glass } from '#/drill/page/glass-view.ts'
import type { Hint, Member } from '#/drill/page/wire.ts'
import { startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import type { Recorded } from '#/incident/events.ts'
import { type OpenedIncident, openRequests } from '#/incident/state.ts'
import { canaryKind, type QueueName } from '#/work/queue.ts'
import { defaultPrefix } from '#/work/redis.ts'
import { currentIncident, incidentFacts, isDefended, passwordFacts, progressOf } from './drill-facts.ts'
import { endedOrder, followStory, type Story } from './drill-story.ts'

/** The queues as the program names them: it is started without a prefix of its own. */
const queueNames: QueueNames = {
  prefix: defaultPrefix,
  orders: 'orders' satisfies QueueName,
  outcomes: 'outcomes' satisfies QueueName,
  canary: canaryKind,
}

const responders: readonly string[] = [cast.ana, cast.bao, cast.chi].map(({ handle }) => handle)
const victim = cast.alice.handle

/** What is behind the glass of a running drill. Disposing it asks the program to end and waits for that. */
export type RunningGlass = AsyncDisposable & { readonly glass: Glass }

/** Robs alice, starts the program on this stage, and watches both. Throws with the program's own last words when it does not start. */
export async function startGlass(stage: Stage): Promise<RunningGlass> {
  const { autentico, redis, slack } = stage
  await using building = new AsyncDisposableStack()
  const bell = createBell()
  const onChange = bell.ring
  const startBot = async (signal: AbortSignal) => startProgram(stage.env, { signal })
  const machine = building.use(createMachine({ startBot, redis, autentico, slack, onChange }))
  const starting = machine.bot('running')
  // Awaited below; until then it must not count as unhandled.
  starting.catch(() => undefined)

  // Robbed twice: who tries every door early must still see them tried when it matters.
  const robberies = [await robAlice(autentico), await robAlice(autentico)]
  let story: Story | undefined
  const incidents = () => story?.incidents() ?? []
  const newest = () => incidents().findLast(({ target }) => target.username === victim)
  const attacker = createAttacker({
    name: 'mallory',
    robberies,
    isReserveOpen: () => newest()?.containedAt !== undefined,
    isDefended: () => incidents().some((one) => one.target.username === victim && isDefended(one)),
    hindrance: () => hindranceOf(machine),
    noticed: machine.note,
    onChange,
  })
  await attacker.attack('repeatable')
  const account = building.use(
    watchAccount({ databaseFile: autentico.databaseFile, target: () => targetOf(stage, incidents()), onChange }),
  )
  const attackWhenItMatters = createOpportunist(attacker, incidents)
  const followed = building.use(
    followStory({
      file: join(stage.env['DATA_DIR'] ?? '', 'ledger.sqlite'),
      onNews: (fresh) => {
        onChange()
        account.look()
        for (const one of fresh) creditMended(one)
        attackWhenItMatters()
      },
    }),
  )
  story = followed
  const creditMended = (one: Recorded) => {
    const order = endedOrder(one)
    const orderedAt = order === undefined ? undefined : followed.order(order)?.at
    if (order !== undefined && orderedAt !== undefined) machine.ended({ order, orderedAt, endedAt: one.at })
  }
  attackWhenItMatters()
  const { entries } = followed
  const describe = (order: string) => followed.order(order)?.what ?? 'an order that the ledger does not know'
  const queue = building.use(watchQueue({ url: redis.url, names: queueNames, describe, onChange }))
  await starting
  const glass = joinGlass({
    bell,
    account,
    attacker,
    queue,
    machine,
    entries,
    hint: (member) => hintFor(member, { stage, machine, incidents: incidents() }),
  })
  const parts = building.move()
  return { glass, [Symbol.asyncDispose]: async () => parts.disposeAsync() }
}

function hindranceOf(machine: MachineSwitches): string | undefined {
  const { autentico } = machine.machine()
  if (autentico === 'well' || autentico === 'slow') return undefined
  return `Autentico is ${autentico}, so a try of mallory's would say nothing: make it well first.`
}

/** The account that the incident is about, as long as it is one of this Autentico; else alice. */
function targetOf({ autentico }: Stage, incidents: readonly OpenedIncident[]): AccountTarget {
  const known = new Set(Object.values(autentico.accounts).map(({ id }) => id))
  const incident = currentIncident(incidents.filter(({ target }) => known.has(target.id)))
  const alice = autentico.accounts[victim]
  const id: string = incident?.target.id ?? alice?.id ?? ''
  const password = incident === undefined ? undefined : passwordFacts(incident)
  return {
    id,
    ...(id === alice?.id ? { stolenPassword: alice.password } : {}),
    ...(password === undefined ? {} : { password }),
  }
}

/**
 * Tries every door by itself when an incident of alice's became contained, and again when access was given back or the incident was closed
 * without that. Never while a request is open: a sign-in changes what the request was shown with, and would void its approval.
 */
function createOpportunist(attacker: AttackerWatch, incidents: () => readonly OpenedIncident[]): () => void {
  const ofAlice = () => incidents().filter(({ target }) => target.username === victim)
  /** What mattered before this drill began is over. */
  const seen = new Set<string>()
  let begun = false
  let wanted = false
  return () => {
    for (const occasion of ofAlice().flatMap(occasions)) {
      if (seen.has(occasion)) continue
      seen.add(occasion)
      wanted ||= begun
    }
    begun = true
    if (!wanted || ofAlice().some((one) => one.status === 'open' && openRequests(one).length > 0)) return
    wanted = false
    // What came of it, and what hindered it, stands in the log.
    attacker.attack('all').catch(() => undefined)
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

function hintFor(
  member: Member,
  around: {
    readonly stage: Stage
    readonly machine: MachineSwitches
    readonly incidents: readonly OpenedIncident[]
  },
): Hint {
  const { stage, machine, incidents } = around
  const incident = currentIncident(incidents)
  return hint(member, {
    responders,
    victim,
    progress: progressOf(incidents[0]),
    machine: machine.machine(),
    form: stage.slack.as(member.user).views().at(-1)?.title,
    ...(incident === undefined ? {} : { incident: incidentFacts(incident) }),
  })
}
