import { expect } from 'vitest'
import type { RefusalCode } from '#/incident/refusals.ts'
import { signIn } from '../../flows/machine/machine.ts'
import type { Case } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { approveOn, copyOf, edited } from './clicks.ts'

/** What came between the request and the click of chi, who is told why it does not count. */
type Change = { readonly refusals: readonly RefusalCode[]; readonly click: (incident: Case, run: Run) => Promise<void> }

const changes: Readonly<Record<string, Change>> = {
  withdrawn: {
    refusals: ['already_decided'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      await incident.at('ana').press(/^Withdraw$/)
      await incident.happens('RequestWithdrawn')
      await approveOn(incident, 'chi', copy)
    },
  },
  denied: {
    refusals: ['already_decided'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      await incident.at('bao').press(/^Deny/)
      await incident.as('bao').fillIn(/^Deny/, { 'Why not': 'Not now' })
      await incident.happens('StepDenied')
      await approveOn(incident, 'chi', copy)
    },
  },
  'withdrawn and asked for again': {
    refusals: ['already_decided'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      await incident.at('ana').press(/^Withdraw$/)
      await incident.happens('RequestWithdrawn')
      await incident.ask(1)
      await approveOn(incident, 'chi', copy)
    },
  },
  'the account changed': {
    refusals: ['request_stale'],
    async click(incident, { world }) {
      const copy = copyOf(incident, 'chi')
      await signIn(world.stage, incident.username)
      await incident.approve()
      await incident.happens('ApprovalVoided')
      await incident.request()
      await approveOn(incident, 'chi', copy)
    },
  },
  'another digest in the button': {
    refusals: ['shown_differs'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      const { digest = '' } = incident.state().requests.values().next().value?.shown ?? {}
      const said = JSON.stringify(copy.blocks).includes(digest) ? digest : digest.slice(0, 16)
      await approveOn(
        incident,
        'chi',
        edited(
          copy,
          said,
          said.replaceAll(/./g, (letter) => (letter === '0' ? '1' : '0')),
        ),
      )
    },
  },
  'another request in the button': {
    refusals: ['no_open_request', 'request_stale'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      const request = await incident.request()
      await approveOn(incident, 'chi', edited(copy, `"${request.id}`.slice(1), `${request.id}0`))
    },
  },
  'the button of another incident': {
    refusals: ['no_open_request', 'shown_differs', 'no_such_incident'],
    async click(incident, run) {
      const other = await run.asked()
      const copy = copyOf(other, 'chi')
      await approveOn(incident, 'chi', edited(copy, other.id, incident.id))
      await incident.happens('ClickRefused')
      expect(other.entries('StepApproved')).toEqual([])
      await other.approve()
      await run.proves(other)
    },
  },
  'approved long ago': {
    refusals: ['already_decided'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      await incident.approve()
      await incident.untilProven(1)
      await approveOn(incident, 'chi', copy)
    },
  },
  'an older request of the step before': {
    refusals: ['already_decided'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      await incident.approve()
      await incident.untilProven(1)
      await incident.ask(2)
      await approveOn(incident, 'chi', copy)
      await incident.happens('ClickRefused')
      expect(incident.step(2).status).toBe('requested')
    },
  },
  'the incident is closed': {
    refusals: ['incident_not_open'],
    async click(incident) {
      const copy = copyOf(incident, 'chi')
      await incident.approve()
      await incident.untilProven(1)
      await incident.skipRest()
      await incident.untilSwept()
      await incident.close()
      await approveOn(incident, 'chi', copy)
    },
  },
}

async function refusedToChi(incident: Case, refusals: readonly RefusalCode[]): Promise<void> {
  const refused = await incident.happens(
    'ClickRefused',
    ({ actor, event }) => 'name' in actor && actor.name === 'chi' && refusals.includes(event.refusal as RefusalCode),
  )
  await incident.as('chi').toldAlone(refused.event.sentence.slice(0, 25))
  expect(incident.entries('StepApproved').filter(({ actor }) => 'name' in actor && actor.name === 'chi')).toEqual([])
}

fault({
  id: 'F23',
  title: 'an approval of something that is not asked for any more, or was never shown, is refused and recorded',
  ci: 1,
  nightly: 50,
  variants: Object.keys(changes),
  async run(run) {
    const { variant, struck, proves, succeeds } = run
    const change = changes[variant]
    if (change === undefined) throw new Error(`nothing changes by ${variant}`)
    const incident = await run.asked()
    await change.click(incident, run)
    struck()
    await succeeds(async () => refusedToChi(incident, change.refusals))
    if (incident.entries('StepDone').length === 0) {
      if (incident.step(1).status !== 'requested') await incident.ask(1)
      await incident.approve()
    }
    await proves(incident)
  },
})

fault({
  id: 'F23',
  title: 'an approval that comes after the request has run out is refused and recorded',
  ci: 1,
  nightly: 50,
  world: { env: { REQUEST_TTL: '8s' } },
  async run({ asked, struck, proves, succeeds }) {
    const incident = await asked()
    const copy = copyOf(incident, 'chi')
    await incident.happens('RequestExpired')
    struck()
    await approveOn(incident, 'chi', copy)
    await succeeds(async () => refusedToChi(incident, ['already_decided', 'request_expired']))
    await incident.ask(1)
    await incident.approve()
    await proves(incident)
  },
})
