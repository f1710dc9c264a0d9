import { expect } from 'vitest'
import { cast, incidentChannel, securityGroup, workspace } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import type { RefusalCode } from '#/incident/refusals.ts'
import { type Case, openFor } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { approveOn, copyOf } from './clicks.ts'

/** Who should not be able to approve, and what they try. */
type Attempt = {
  readonly who: string
  readonly refusal: RefusalCode
  /** The account the incident is about; a new one unless said otherwise. */
  readonly target?: string
  /** They have no client in which they could be told. */
  readonly toldElsewhere?: boolean
  readonly press: (incident: Case, run: Run) => Promise<void>
}

const { ana, bao, chi, alice } = cast

const attempts: Readonly<Record<string, Attempt>> = {
  'the same person': {
    who: 'ana',
    refusal: 'approver_is_requester',
    press: async (incident) => void (await incident.at('ana').press(/^Approve/)),
  },
  'the same person on a second device': {
    who: 'ana',
    refusal: 'approver_is_requester',
    async press(incident, { world }) {
      const copy = copyOf(incident, 'ana')
      // The other device still shows what this one has closed.
      world.stage.slack.control.reload(ana.user)
      await approveOn(incident, 'ana', copy)
    },
  },
  'the same person under another name': {
    who: 'ana',
    refusal: 'approver_is_requester',
    async press(incident, { world }) {
      const { control } = world.stage.slack
      control.changeUser(ana.user, { handle: 'bao-too', name: 'Bao Tran', email: 'bao.too@acme.test' })
      await incident.at('ana').press(/^Approve/)
      await incident.happens('ClickRefused')
      control.changeUser(ana.user, { handle: ana.handle, name: ana.name, email: ana.email })
    },
  },
  'the same person, with the organisation for a workspace': {
    who: 'ana',
    refusal: 'approver_is_requester',
    press: async (incident, run) => {
      await incident.at('ana').press(/^Approve/)
      await incident.happens('ClickRefused')
      await pressAs(run, { team: { id: 'E0ACME' }, user: { id: ana.user, team_id: 'E0ACME', enterprise_id: 'E0ACME' } })
      await until(() => (incident.entries('ClickRefused').length === 2 ? true : undefined), 'the second refusal')
    },
  },
  'an id of an organisation that the workspace does not know': {
    who: 'W0ANA',
    refusal: 'standing_unknown',
    press: async (incident, run) => {
      await incident.at('ana').press(/^Approve/)
      await incident.happens('ClickRefused')
      await pressAs(run, { user: { id: 'W0ANA', team_id: 'E0ACME' } })
    },
  },
  'the requester, who approves through a group as well': {
    who: 'ana',
    refusal: 'approver_is_requester',
    async press(incident, { world }) {
      const { control } = world.stage.slack
      control.setUsergroup(securityGroup.id, [ana.user, bao.user, chi.user])
      await incident.at('ana').press(/^Approve/)
    },
  },
  'a second Slack account of the requester': {
    who: 'alice',
    refusal: 'approver_same_account',
    async press(incident, { world }) {
      await world.stage.slack.control.addMember(incidentChannel.id, alice.user)
      await incident.at('alice').press(/^Approve/)
    },
  },
  'a bot': {
    who: 'autentico',
    refusal: 'person_is_bot',
    press: async (incident) => void (await incident.at('autentico').press(/^Approve/)),
  },
  'somebody deactivated': {
    who: 'chi',
    refusal: 'person_is_deactivated',
    toldElsewhere: true,
    async press(incident, run) {
      const { control } = run.world.stage.slack
      await incident.at('ana').press(/^Approve/)
      await incident.happens('ClickRefused')
      // The click was on its way while the account was deactivated: nobody deactivated has a client to press in.
      control.changeUser(chi.user, { deactivated: true })
      await pressAs(run, { user: { id: chi.user, team_id: workspace.team } })
      await incident.happens('ClickRefused', ({ event }) => event.refusal === 'person_is_deactivated')
      control.changeUser(chi.user, { deactivated: false })
    },
  },
  'a guest': {
    who: 'gil',
    refusal: 'person_is_guest',
    press: async (incident) => void (await incident.at('gil').press(/^Approve/)),
  },
  'somebody of another company': {
    who: 'olu',
    refusal: 'person_is_external',
    async press(incident, { world }) {
      world.stage.slack.control.share(incidentChannel.id)
      await incident.at('olu').press(/^Approve/)
    },
  },
  'the account itself': {
    who: 'alice',
    target: alice.handle,
    refusal: 'person_is_target',
    async press(incident, { world }) {
      await world.stage.slack.control.addMember(incidentChannel.id, alice.user)
      await incident.at('alice').press(/^Approve/)
    },
  },
}

fault({
  id: 'F22',
  title: 'whoever must not approve tries: refused, on record, told, and the request stays open',
  ci: 3,
  nightly: 100,
  variants: Object.keys(attempts),
  world: {
    env: { SLACK_USER_MAP: `${ana.user}=ana,${alice.user}=ana` },
  },
  async run(run) {
    const { variant, struck, proves, succeeds, world } = run
    const attempt = attempts[variant]
    if (attempt === undefined) throw new Error(`nobody tries ${variant}`)
    const incident = await openAbout(run, attempt.target)
    await incident.ask(1)
    // The account may have been in an incident of a run before.
    const account = incident.state().target.id
    const changed = (): number =>
      world.stage.autentico.control.calls.filter((call) => call.changed && call.path.includes(account)).length
    const before = changed()
    await attempt.press(incident, run)
    struck()
    await succeeds(async () => {
      const refused = await incident.happens(
        'ClickRefused',
        ({ actor, event }) => event.refusal === attempt.refusal && JSON.stringify(actor).includes(userOf(attempt.who)),
      )
      expect(refused.event.tried).toMatch(/^approve /)
      expect(incident.entries('StepApproved')).toEqual([])
      expect(incident.step(1).status).toBe('requested')
      expect(changed()).toBe(before)
      if (attempt.who in cast && attempt.toldElsewhere !== true)
        await incident.as(attempt.who).toldAlone(refused.event.sentence.slice(0, 30))
    })
    await incident.approve('bao')
    await proves(incident)
    if (attempt.target !== undefined) await finish(incident)
  },
})

async function openAbout(run: Run, target: string | undefined): Promise<Case> {
  if (target === undefined) return run.open()
  const { stage } = run.world
  for (const { id } of stage.slack.state().users) stage.slack.control.reload(id)
  const incident = await openFor(stage, target)
  run.adopt(incident)
  return incident
}

/** There is one incident about an account at a time. */
async function finish(incident: Case): Promise<void> {
  await incident.skipRest()
  await incident.untilSwept()
  await incident.close()
}

function userOf(who: string): string {
  return Object.values(cast).find(({ handle }) => handle === who)?.user ?? (who === 'autentico' ? '' : who)
}

/** Sends the last press once more as Slack would send it for somebody else, with a trigger of its own. */
async function pressAs({ world, seed }: Run, changed: object): Promise<void> {
  const { slack } = world.stage
  const press = slack.deliveries().findLast(({ payload }) => payload['type'] === 'block_actions')
  if (press === undefined) throw new Error('nobody has pressed anything yet')
  const payload = { ...press.payload, ...changed, trigger_id: `${seed}.${slack.deliveries().length}.else` }
  await slack.control.redeliver({ kind: press.kind, payload })
}
