import { join } from 'node:path'
import { z } from 'zod'
import { modulusFingerprint, shortFingerprint } from '#/autentico/signing-key.ts'
import { prepareCompany } from '#/drill/autentico/company.ts'
import type { Planted } from '#/drill/autentico/steal-admin.ts'
import { cast } from '#/drill/cast.ts'
import { type AccountTarget, watchAccount } from '#/drill/page/glass/account.ts'
import { createBell, joinGlass } from '#/drill/page/glass/glass.ts'
import { hint } from '#/drill/page/glass/hint.ts'
import { type InstanceTarget, type SigningKey, watchInstance } from '#/drill/page/glass/instance.ts'
import { createLedgerFile, type LedgerFileTurns } from '#/drill/page/glass/ledger-file.ts'
import { createMachine, type MachineSwitches } from '#/drill/page/glass/machine.ts'
import { type QueueNames, watchQueue } from '#/drill/page/glass/queue.ts'
import type { Glass } from '#/drill/page/glass-view.ts'
import type { Hint, Member } from '#/drill/page/wire.ts'
import { startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { isInstance } from '#/incident/account.ts'
import type { Recorded } from '#/incident/events.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { verifyDataDir } from '#/record/verify-data-dir.ts'
import { canaryKind, type QueueName } from '#/work/queue.ts'
import { defaultPrefix } from '#/work/redis.ts'
import { createAttackers } from './drill-attackers.ts'
import { currentIncident, incidentFacts, openForm, passwordFacts, progressOf } from './drill-facts.ts'
import { isRogue, plotOf, plots, robbedAdmin, titleOf } from './drill-plots.ts'
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

/**
 * Prepares the company and robs it, starts the program on this stage, and watches both. Throws with the program's own last words when it
 * does not start.
 */
export async function startGlass(stage: Stage): Promise<RunningGlass> {
  const { autentico, redis, slack, env } = stage
  const dataDir = env['DATA_DIR'] ?? ''
  await using building = new AsyncDisposableStack()
  const bell = createBell()
  const onChange = bell.ring
  const startBot = async (signal: AbortSignal) => startProgram(stage.env, { signal })
  const machine = building.use(createMachine({ startBot, redis, autentico, slack, onChange }))
  const starting = machine.bot('running')
  // Awaited below; until then it must not count as unhandled.
  starting.catch(() => undefined)

  const planted = await prepareCompany(autentico, { admin: robbedAdmin })
  let story: Story | undefined
  const incidents = () => story?.incidents() ?? []
  const attackers = await createAttackers({
    stage,
    planted,
    incidents,
    hindrance: () => hindranceOf(machine),
    noticed: machine.note,
    onChange,
  })
  const account = building.use(
    watchAccount({ databaseFile: autentico.databaseFile, target: () => targetOf(stage, incidents()), onChange }),
  )
  const about = () => currentIncident(incidents())
  const instance = building.use(
    watchInstance({
      databaseFile: autentico.databaseFile,
      target: () => instanceTargetOf(stage, about(), planted),
      publishedKey: async () => publishedKeyOf(autentico),
      onChange,
    }),
  )
  const followed = building.use(
    followStory({
      file: join(dataDir, 'ledger.sqlite'),
      onNews: (fresh) => {
        onChange()
        account.look()
        instance.look()
        for (const one of fresh) creditMended(one)
        attackers.look()
      },
    }),
  )
  story = followed
  const creditMended = (one: Recorded) => {
    const order = endedOrder(one)
    const orderedAt = order === undefined ? undefined : followed.order(order)?.at
    if (order !== undefined && orderedAt !== undefined) machine.ended({ order, orderedAt, endedAt: one.at })
  }
  attackers.look()
  const { entries } = followed
  const describe = (order: string) => followed.order(order)?.what ?? 'an order that the ledger does not know'
  const queue = building.use(watchQueue({ url: redis.url, names: queueNames, describe, onChange }))
  const ledgerFile = createLedgerFile({
    file: join(dataDir, 'ledger.sqlite'),
    verify: async () => verifyDataDir(dataDir),
    noticed: machine.note,
    onChange,
  })
  await starting
  const titles = new Map(plots.map((plot) => [plot.playbook, titleOf(plot)]))
  const glass = joinGlass({
    bell,
    account: () => {
      const incident = about()
      return incident !== undefined && isInstance(incident.target) ? null : account.account()
    },
    instance: instance.instance,
    attacker: attackers,
    queue,
    machine,
    ledgerFile,
    entries,
    hint: (member) => hintFor(member, { stage, machine, ledgerFile, incidents: incidents(), planted, titles }),
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
  const id: string = incident?.target.id ?? autentico.accounts[victim]?.id ?? ''
  const robbed = [victim, robbedAdmin].map((name) => autentico.accounts[name]).find((one) => one?.id === id)
  const password = incident === undefined ? undefined : passwordFacts(incident)
  return {
    id,
    ...(robbed === undefined ? {} : { stolenPassword: robbed.password }),
    ...(password === undefined ? {} : { password }),
  }
}

/** What an incident puts at stake beyond one account; undefined: nothing. */
function instanceTargetOf(
  { autentico }: Stage,
  incident: OpenedIncident | undefined,
  planted: Planted,
): InstanceTarget | undefined {
  const plot = incident === undefined ? undefined : plotOf(incident.playbook.id)
  if (incident === undefined || (plot?.target === victim && !isInstance(incident.target))) return undefined
  if (plot === undefined && !isInstance(incident.target)) return undefined
  const exposedKey = incident.instance?.keyFingerprint
  return {
    incident: incident.id,
    botName: autentico.credentials.username,
    planted,
    exposes: plot?.exposes ?? [],
    ...(exposedKey === undefined || exposedKey === null ? {} : { exposedKey }),
  }
}

async function publishedKeyOf({ url }: Stage['autentico']): Promise<SigningKey> {
  const response = await fetch(`${url}/oauth2/.well-known/jwks.json`)
  const [key] = z
    .object({ keys: z.tuple([z.object({ kid: z.string(), n: z.string() })]) })
    .parse(await response.json()).keys
  const fingerprint = modulusFingerprint(Buffer.from(key.n, 'base64url'))
  return { keyId: key.kid, fingerprint, short: shortFingerprint(fingerprint) }
}

type Around = {
  readonly stage: Stage
  readonly machine: MachineSwitches
  readonly ledgerFile: LedgerFileTurns
  readonly incidents: readonly OpenedIncident[]
  readonly planted: Planted
  /** Of the playbooks, by id. */
  readonly titles: ReadonlyMap<string, string>
}

function hintFor(member: Member, { stage, machine, ledgerFile, incidents, planted, titles }: Around): Hint {
  const incident = currentIncident(incidents)
  const form = stage.slack.as(member.user).views().at(-1)
  return hint(member, {
    responders,
    victim,
    progress: progressOf(incidents[0]),
    machine: machine.machine(),
    tampered: ledgerFile.ledgerFile().tampered?.seq,
    form: form === undefined ? undefined : openForm(form, victim),
    untried: [...titles]
      .filter(([id]) => !incidents.some(({ playbook }) => playbook.id === id))
      .map(([, title]) => title),
    ...(incident === undefined ? {} : { incident: incidentFacts(incident, (finding) => isRogue(finding, planted)) }),
  })
}
