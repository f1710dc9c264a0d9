import { expect, test, vi } from 'vitest'
import { cast, securityGroup } from '#/drill/cast.ts'
import { wordsOf } from '#/drill/crew.ts'
import { expectTold, openFor, programForAll, reloadEverybody } from '../../support/incident-flow.ts'

const here = programForAll({
  env: {
    APPROVERS: securityGroup.id,
    // Two Slack people with one account in Autentico are one person.
    SLACK_USER_MAP: `${cast.ana.user}=ana,${cast.chi.user}=ana`,
  },
})

test('another Slack identity of the same Autentico account cannot approve what the first one asked for', async () => {
  const incident = await openFor(here.stage, 'user-001')
  await incident.ask(1)
  await incident.at('chi').press(/^Approve/)
  const told = wordsOf(await incident.as('chi').toldAlone(/same account as @ana/))
  expect(told).toMatch(/Able to now: @bao\./)
  expect(incident.entries('ClickRefused').map(({ event }) => event.refusal)).toEqual(['approver_same_account'])
  await incident.approve('bao')
})

test('whoever is on the list of approvers approves, whichever of them asked; a guest on the list of responders does not', async () => {
  const incident = await openFor(here.stage, 'user-002', { by: 'bao' })
  await incident.ask(1, 'bao')
  await incident.at('gil').press(/^Approve/)
  await expectTold(incident.as('gil'), /Guests cannot take part/)
  await incident.approve('ana')
  await incident.untilProven(1)
})

test('taken off the group between request and approval is off the list; an empty group means nobody, never everybody', async () => {
  const incident = await openFor(here.stage, 'user-003')
  await incident.ask(1)
  here.stage.slack.control.setUsergroup(securityGroup.id, [])
  // Who is in a group is read again after a few seconds; ana, who asked, is told who could approve, and it becomes nobody.
  await vi.waitFor(
    async () => {
      reloadEverybody(here.stage)
      await incident.at('ana').press(/^Approve/)
      expect(wordsOf(await incident.as('ana').toldAlone(/You asked for this/))).not.toContain('Able to now')
    },
    { timeout: 25_000, interval: 500 },
  )
  await incident.at('bao').press(/^Approve/)
  const told = wordsOf(await incident.as('bao').toldAlone(/You may not approve/))
  expect(told).toContain('You may not approve: you are not on the list of approvers.')
  expect(incident.entries('ClickRefused').at(-1)).toMatchObject({
    actor: { name: 'bao' },
    event: { refusal: 'not_an_approver' },
  })
  expect(incident.entries('StepApproved')).toEqual([])
  expect(incident.step(1).status).toBe('requested')
})
