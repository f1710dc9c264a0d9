import { expect } from 'vitest'
import { fault } from '../harness/fault.ts'
import { approveOn, copyOf } from './clicks.ts'

fault({
  id: 'F21',
  title: 'one approves and another denies in the same moment: one of the two counts, and the other is told',
  ci: 10,
  nightly: 1_000,
  async run({ random, struck, asked, proves, succeeds }) {
    const incident = await asked()
    const copy = copyOf(incident, 'bao')
    await incident.at('chi').press(/^Deny/)
    const deny = async (): Promise<unknown> => incident.as('chi').fillIn(/^Deny/, { 'Why not': 'Not now' })
    const approve = async (): Promise<unknown> => approveOn(incident, 'bao', copy)
    const [one, other] = random.shuffled([deny, approve])
    const answers = await Promise.all([one?.(), other?.()])
    struck()
    await succeeds(async () => {
      await incident.happens('ClickRefused')
      const approved = incident.entries('StepApproved')
      const denied = incident.entries('StepDenied')
      expect(approved.length + denied.length).toBe(1)
      expect(incident.entries('ClickRefused').map(({ event }) => event.refusal)).toEqual(['already_decided'])
      if (denied.length === 1) await incident.as('bao').toldAlone(/Already denied by @chi/)
      else expect(JSON.stringify(answers)).toContain('Already approved by @bao')
      if (denied.length === 1) {
        await incident.as('chi').actor.close()
        await incident.ask(1)
        await incident.approve()
      }
    })
    await proves(incident)
  },
})
