import { describe, expect, test } from 'vitest'
import { execute, play } from '../../test/support/given.ts'
import {
  approves,
  asks,
  beginsStepUp,
  closes,
  denies,
  notifies,
  opens,
  shownRequest,
  standing,
  steps,
  underWay,
  withdraws,
} from '../../test/support/stories.ts'
import type { PersonCommand } from './commands.ts'
import { unopened } from './state.ts'
import { whatWasTried } from './tried.ts'

const story = play(...underWay, ...shownRequest(steps.sessions))
const by = standing('ana')

describe('what was tried', () => {
  test.each<[PersonCommand, string]>([
    [opens(), 'open an incident for alice'],
    [asks(steps.mfa), 'ask for Reset MFA'],
    [asks(steps.mfa, { kind: 'suspend' }), 'ask to suspend the account in place of Reset MFA'],
    [asks(steps.mfa, { kind: 'attest' }), 'ask to record Reset MFA as done by hand'],
    [asks(steps.mfa, { kind: 'skip' }), 'ask to skip Reset MFA'],
    [asks(steps.mfa, { kind: 'skip-rest' }), 'ask to skip every step that is left'],
    [approves()(story.incident) as PersonCommand, 'approve Revoke all sessions of alice'],
    [beginsStepUp()(story.incident) as PersonCommand, 'sign in to approve Revoke all sessions of alice'],
    [denies()(story.incident) as PersonCommand, 'deny Revoke all sessions of alice'],
    [withdraws()(story.incident) as PersonCommand, 'withdraw Revoke all sessions of alice'],
    [{ type: 'ReadAgain', by, what: 'sweep' }, 'make the sweep again'],
    [{ type: 'TakeCommand', by }, 'take command'],
    [{ type: 'AddNote', by, text: 'secret thoughts' }, 'add a note'],
    [notifies, 'record the notification'],
    [{ type: 'ShowSecret', by, order: 'INC-1-9' as never }, 'look at the temporary password'],
    [closes() as PersonCommand, 'close the incident'],
  ])('%# is said in a few words', (command, words) => {
    expect(whatWasTried(command, story.incident)).toBe(words)
  })

  test('is said of a request and of an incident that never were', () => {
    expect(whatWasTried({ type: 'WithdrawRequest', by, request: 'r9' as never }, story.incident)).toBe(
      'withdraw request r9',
    )
    expect(whatWasTried(asks(steps.mfa), unopened)).toBe('ask for a step')
  })

  test('a refused click is recorded with the person, the reason and the sentence', () => {
    const { story: after } = execute(story, approves(standing('ana'))(story.incident))
    expect(after.recorded.at(-1)).toMatchObject({
      actor: standing('ana').person,
      event: { type: 'ClickRefused', tried: 'approve Revoke all sessions of alice', refusal: 'approver_is_requester' },
    })
    expect(after.incident).toMatchObject({ refusedClicks: 1 })
  })
})
