/** Every reason a command can be turned down. A new one fails the build until it has a sentence. */
export type RefusalCode = keyof typeof sentences

/** Our no to a command: a reason from the closed list, with what the sentence needs to be about this case. */
export type Refusal = { readonly code: RefusalCode; readonly about: About }

/** What a sentence may mention. All of it is plain text; whoever shows it escapes it. */
export type About = {
  /** A person, as `@name`. */
  readonly who?: string
  /** A moment, an amount, a step: already in words. */
  readonly what?: string
  /** Those who could do it, as a list of `@name`. */
  readonly able?: string
}

const sentences = {
  // The incident
  no_such_incident: (a: About) =>
    `There is no incident ${a.what ?? 'of that number'}. \`/autentico list\` shows those there are.`,
  incident_not_open: () =>
    'This incident is closed, so nothing more can be done in it. If it goes on, open a new one: `/autentico incident`.',
  incident_exists: () => 'This incident is open already.',
  target_has_incident: (a: About) =>
    `There is an incident for ${a.who ?? 'that account'} already${a.what === undefined ? '' : `: ${a.what}`}. Go on in its thread; \`/autentico list\` leads there.`,
  work_in_flight: (a: About) => `Not closed: ${a.what ?? 'a step is still running'}. Close it when that has ended.`,
  requests_open: (a: About) =>
    `Not closed: ${a.what ?? 'a request'} still waits for a decision. Have it approved or denied, or withdraw it, then close.`,
  steps_unsettled: (a: About) =>
    `Not closed: ${a.what ?? 'some steps are'} not done. Ask for what is left, or ask to skip it: a second person approves either.`,
  reason_missing: () => 'A reason is needed: it is what the record will say.',
  text_too_long: (a: About) =>
    `That text is too long for the record (${a.what ?? 'over 3,000 characters'}). Shorten it and send it again.`,

  target_needed: (a: About) =>
    `This playbook is about one account${a.what === undefined ? '' : ` (${a.what})`}: choose which one.`,
  target_is_instance: (a: About) =>
    `This playbook is about Autentico as a whole${a.what === undefined ? '' : ` (${a.what})`}, so it has no account for a target. Leave the target empty.`,
  no_legal_clock: () => 'This incident has no legal clock.',
  awareness_wrong: (a: About) =>
    `That is no moment for the legal clock: ${a.what ?? 'it lies in the future'}. Write when somebody first became aware, in UTC.`,

  // The emergency stop
  work_stopped: (a: About) =>
    `The work is stopped${a.what === undefined ? '' : `: ${a.what}`}. Nothing is set in motion until two people let it go on. “Ask to resume” on the card begins that.`,
  already_stopped: (a: About) => `Nothing to do: ${a.what ?? 'it is stopped already'}.`,
  not_stopped: () => 'That is not stopped, so there is nothing to resume.',
  resume_asked: (a: About) =>
    `Resuming has been asked for already${a.who === undefined ? '' : ` by ${a.who}`}. Somebody else approves it in the thread.`,
  resume_differs: () =>
    'Another incident was stopped or closed since that was shown, so it is no longer what would go on. Withdraw the request and ask again.',

  // The step and its request
  no_such_step: () => 'That step is not part of this playbook. Use the buttons on the card of the incident.',
  step_not_next: (a: About) => `Not yet: ${a.what ?? 'an earlier step'} comes first.`,
  snapshot_first: (a: About) =>
    a.what === undefined
      ? 'Not yet: nothing is changed before everything has been read and the evidence kept. That is under way; ask again when the card says so.'
      : `Not yet: nothing is changed before everything has been read, and that failed (${a.what}). Have it read again: the card has a button for it.`,
  reading_under_way: () => 'That is being read already. The result appears here by itself.',
  access_restored: (a: About) =>
    `Access was given back, so a sweep would only find that ${a.who ?? 'the user'} is signed in again. If the account is in doubt once more, close this incident and open a new one.`,
  nothing_to_sweep: () => 'There is nothing to sweep yet: the steps before it are not done.',
  step_settled: (a: About) => `Nothing to do: that step is ${a.what ?? 'settled'} already.`,
  step_running: () => 'That step is running. Its result appears here by itself.',
  request_open: (a: About) =>
    `That step has been asked for already${a.who === undefined ? '' : ` by ${a.who}`} and waits for a decision. Its request is in the thread.`,
  fallback_not_offered: () => 'That way is open only after the step was tried and could not be done or proven.',
  inputs_wrong: (a: About) => `Not asked for${a.what === undefined ? '' : ` (${a.what})`}: fill in the form once more.`,
  answer_unknown: () => 'That is none of the answers to this question. Choose one of those that are listed.',
  way_not_offered: (a: About) =>
    `That is none of the ways that are open for ${a.what ?? 'this'}. Use the buttons on the card of the incident.`,
  notification_first: (a: About) =>
    `Not yet: first record how ${a.who ?? 'the user'} was told and how identity was checked. The card has a button for it.`,
  sweep_first: (a: About) =>
    `Not yet: the sweep ${a.what ?? 'has not run'}. Access is given back once it has found nothing.`,
  no_open_request: () => 'There is nothing to decide: no request is open for that step.',
  request_stale: (a: About) =>
    `That button belongs to an earlier request${a.what === undefined ? '' : `, ${a.what}`}. The current one is further down in the thread.`,
  request_not_ready: () => 'It is still being looked at. The request can be decided once its effect is shown.',
  request_expired: (a: About) =>
    `That request ended${a.what === undefined ? '' : ` at ${a.what}`} without a decision. Ask again if it is still needed.`,
  already_decided: (a: About) => `Already ${a.what ?? 'decided'}${a.who === undefined ? '' : ` by ${a.who}`}.`,
  shown_differs: () => 'What you saw is no longer what would be done. Look at the current request in the thread.',
  policy_changed: () =>
    'The rules changed after that was shown, so it cannot be approved any more. It is asked again under the new ones, further down in the thread.',
  confirm_by_typing: (a: About) => `To approve, type ${a.what ?? 'what is asked for'} exactly.`,
  step_up_needed: () =>
    'This approval counts only after you have signed in to Autentico afresh. Press Approve again: a form leads there.',
  step_up_stale: (a: About) =>
    `That sign-in is older than the request${a.what === undefined ? '' : ` (${a.what})`}. Press Approve again, open the link in a private window, and sign in there.`,
  step_up_ahead: (a: About) =>
    `That sign-in lies in the future${a.what === undefined ? '' : ` (${a.what})`}: the clocks of Autentico and of this bot differ. Ask an operator to put them right.`,
  step_up_used: () => 'That sign-in was used for another approval already. Press Approve again and sign in anew.',
  step_up_idle: () => 'This approval needs no sign-in. Press Approve again.',
  step_up_by_key: (a: About) =>
    `Autentico itself is what this incident is about, so a sign-in to it proves nothing. Approve from a terminal with your registered key${a.what === undefined ? '' : `: \`${a.what}\``}.`,
  not_the_requester: (a: About) =>
    `Only ${a.who ?? 'the person who asked'} or the commander can withdraw that request. An approver can deny it.`,
  execution_begun: () =>
    'Too late to withdraw it: a worker has begun. The emergency stop halts a worker before the next thing that it would change.',
  withdrawal_begun: () => 'It is being withdrawn already. Whether a worker was faster is said in the thread.',
  already_commander: () => 'You are the commander already.',

  // Holds
  hold_not_allowed: () => 'The policy allows no holds. Ask for the account to be suspended; a second person approves.',
  not_a_holder: (a: About) =>
    a.what === undefined
      ? 'Nobody may place a hold: the policy names no group for it.'
      : `You may not place a hold: the policy names ${a.what} for that, and you are not among them. Ask one of them.`,
  hold_needs_account: () => 'This incident is about Autentico as a whole, so there is no account to hold.',
  hold_in_force: (a: About) =>
    `Nothing to do: ${a.who ?? 'the account'} is on hold already${a.what === undefined ? '' : `, ${a.what}`}.`,
  hold_not_renewable: (a: About) =>
    `You have placed a hold on ${a.who ?? 'this account'} before${a.what === undefined ? '' : `, at ${a.what}`}. One person cannot go on suspending alone: somebody else places the next one, or a second person approves that it stays suspended.`,
  hold_being_lifted: (a: About) =>
    `Not yet: the hold on ${a.who ?? 'the account'} is being lifted, which would undo this. Press again when that has ended.`,
  hold_in_the_way: (a: About) =>
    `Not yet: ${a.who ?? 'the account'} is on hold${a.what === undefined ? '' : ` until ${a.what}`}, and Autentico changes nothing about a suspended account. Have the hold lifted first.`,
  no_hold_to_lift: () => 'There is no hold that waits to be lifted by hand.',
  target_suspended: (a: About) =>
    `Nothing to do: ${a.who ?? 'the account'} is suspended already${a.what === undefined ? '' : `, ${a.what}`}. A hold would change nothing.`,

  // Doing something alone
  glass_not_allowed: () => 'The policy lets nobody do anything alone. A second person has to approve.',
  not_a_breaker: (a: About) =>
    a.what === undefined
      ? 'Nobody may do anything alone: the policy names no group for it.'
      : `You may not do this alone: the policy names ${a.what} for that, and you are not among them.`,
  glass_not_requester: (a: About) =>
    `Only ${a.who ?? 'the person who asked'} can do alone what was asked for. You can approve it, or ask for it yourself.`,
  glass_not_for_holds: () => 'A hold is confirmed by a second person, or it lifts. Nobody keeps it alone.',
  glass_not_for_access: () =>
    'Nobody gives an account back alone: its temporary password is shown only after a second person has agreed.',
  glass_announced: (a: About) =>
    `It is announced already${a.what === undefined ? '' : `, and will be done at ${a.what}`} unless somebody stops it.`,
  glass_too_late: (a: About) =>
    `The request ends${a.what === undefined ? '' : ` at ${a.what}`}, before the delay would be over. Withdraw it, ask again, and announce it at once.`,
  glass_not_broken: () => 'Nothing of that was done alone, so there is nothing to review.',
  glass_reviewed: (a: About) => `That was reviewed already${a.who === undefined ? '' : ` by ${a.who}`}.`,
  glass_unreviewed: (a: About) =>
    `Not closed: ${a.who ?? 'somebody'} did ${a.what ?? 'something'} alone, and nobody else has reviewed it. Another approver does that with “Review…” on the card.`,
  reviewer_is_breaker: () => 'You did this alone, so somebody else has to review it.',

  // The person
  roster_empty: () =>
    'Nobody may do this: the lists of responders and approvers are empty. An operator has to set `RESPONDERS` and `APPROVERS`.',
  not_a_responder: () =>
    'You are not on the list of responders. Ask one of them, or have an operator add you to `RESPONDERS`.',
  not_an_approver: (a: About) =>
    `You may not approve: you are not on the list of approvers.${ableTo(a) || ' An operator can add you to `APPROVERS`.'}`,
  not_in_group: (a: About) => `You may not decide on this: the policy leaves it to ${a.what ?? 'others'}.${ableTo(a)}`,
  approved_before: (a: About) =>
    `You have approved this already, so somebody else has to approve as well${a.what === undefined ? '' : `: ${a.what}`}.${ableTo(a)}`,
  earlier_unknown: (a: About) =>
    `Slack did not say whether ${a.who ?? 'somebody who approved before'} may still approve, so nothing was done. Press again in a moment.`,
  approval_left_to_group: (a: About) =>
    `Your approval would not complete this: the one that is still needed is of ${a.what ?? 'another group'}.${ableTo(a)}`,
  target_elsewhere: (a: About) =>
    `You are the target of ${a.what ?? 'another incident'}, which is open. Until it is closed, others decide.`,
  person_is_guest: () => 'Guests cannot take part in an incident. Ask a responder to do it.',
  person_is_external: () =>
    'People of another workspace cannot take part in an incident. Ask a responder of this one to do it.',
  person_is_bot: () => 'A bot cannot take part in an incident.',
  person_is_deactivated: () => 'This Slack account is deactivated, so it cannot take part in an incident.',
  person_is_invited: () =>
    'You have not accepted the invitation to this workspace yet, so you cannot take part in an incident. Accept it first.',
  lists_unread: (a: About) =>
    `Slack does not say who is in ${a.what ?? 'a user group'} right now, so nothing was done. Press again in a moment.`,
  standing_unknown: () => 'Slack did not say who you are, so nothing was done. Press again in a moment.',
  person_is_target: () => 'This account is the target of the incident. You cannot take part in it.',
  approver_is_requester: (a: About) => `You asked for this, so somebody else has to approve it.${ableTo(a)}`,
  approver_same_account: (a: About) =>
    `You are known to Autentico as the same account as ${a.who ?? 'the requester'}, so somebody else has to approve.${ableTo(a)}`,

  // The target
  target_is_bot: () =>
    'That is the account this bot signs in with. It cannot be the target: the bot would lock itself out.',
  secret_not_yours: (a: About) =>
    `The temporary password is for ${a.who ?? 'the person who asked for it'} alone. You were not shown it.`,
  secret_gone: (a: About) =>
    `The temporary password is gone: ${a.what ?? 'it was shown once'}. Ask for “restore access” again to make a new one.`,

  // What came from outside
  order_unknown: () => 'No such work order is under way. The outcome was not believed.',
} satisfies Readonly<Record<string, (about: About) => string>>

/** The sentence a person is told, plain text without markup. */
export function refusalSentence(refusal: Refusal): string {
  return sentences[refusal.code](refusal.about)
}

/** All codes, for tests that look at every sentence. */
export const refusalCodes = Object.keys(sentences) as readonly RefusalCode[]

function ableTo({ able }: About): string {
  return able === undefined || able === '' ? '' : ` Able to now: ${able}.`
}
