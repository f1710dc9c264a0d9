import { type About, type RefusalCode, refusalSentence } from '#/incident/refusals.ts'

/** Every reason why a command about the rules is turned down: those of an incident that hold here as well, and its own. */
export type ChangeRefusalCode = RefusalCode | keyof typeof sentences

/** Our no to a command about the rules. */
export type ChangeRefusal = { readonly code: ChangeRefusalCode; readonly about: About }

const sentences = {
  policy_same: () => 'Nothing to adopt: the policy that the configuration names is the one in force.',
  policy_asked: (a: About) =>
    `Adopting that policy has been asked for already (${a.what ?? 'a request is open'}). Somebody else approves it in the channel.`,
  policy_other: () =>
    'What you saw is not what the configuration says now. Type `/autentico policy` to see it, and ask again.',
  no_such_change: () =>
    'There is no such request about the rules. `/autentico policy` and `/autentico key` show those that are open.',
  change_ended: (a: About) => `Nothing to decide: that request was ${a.what ?? 'decided'}.`,
  change_differs: () => 'What you saw is not what this request would change. Look at its message in the channel.',
  change_expired: (a: About) =>
    `That request ended at ${a.what ?? 'its time'} without a decision. Ask again if it is still wanted.`,
  change_requester: () => 'You asked for this, so somebody else has to decide. You may withdraw it.',
  change_not_requester: (a: About) =>
    `Only ${a.who ?? 'the person who asked'} can withdraw that request. Somebody else can deny it.`,
  change_approved_already: () => 'You have approved this already. Somebody else is needed as well.',
  change_same_account: (a: About) =>
    `You are known to Autentico as the same account as ${a.who ?? 'somebody who took part already'}, so somebody else has to decide.`,
  change_group: (a: About) => `You may not decide about this: it takes ${a.what ?? 'somebody of another group'}.`,
  change_group_needed: (a: About) =>
    `Your approval would add nothing: what is still needed is ${a.what ?? 'somebody of another group'}.`,
  change_step_up_worthless: (a: About) =>
    `This approval counts only after a fresh sign-in to Autentico, and Autentico itself is what ${a.what ?? 'an open incident'} is about, so that would prove nothing. Decide once it is closed.`,
  person_under_attack: (a: About) =>
    `Your account is the target of ${a.what ?? 'an open incident'}. Until that is closed you cannot take part in changing the rules.`,
  key_unreadable: (a: About) =>
    `That is no public key${a.what === undefined ? '' : ` (${a.what})`}. Run \`responder key make\` in your terminal and paste the line that it prints.`,
  key_private: () =>
    'That is a private key, so it counts as stolen: delete it. It was not kept here. Run `responder key make` anew and paste the public line.',
  key_known: () =>
    'That key has been registered before. A key is registered once; make a new one with `responder key make`.',
  key_asked: (a: About) =>
    `Registering that key has been asked for already (${a.what ?? 'a request is open'}). Somebody else approves it in the channel.`,
  no_such_key: () => 'There is no such key, or it was revoked already. `/autentico key` lists those that count.',
  key_revoke_asked: (a: About) =>
    `Revoking that key has been asked for already (${a.what ?? 'a request is open'}). Somebody else approves it in the channel.`,
  key_owner_denies: () => 'The key is yours, so whether it is revoked is for somebody else to decide.',
} satisfies Readonly<Record<string, (about: About) => string>>

/** The sentence a person is told, plain text without markup. */
export function changeRefusalSentence({ code, about }: ChangeRefusal): string {
  return isOwn(code) ? sentences[code](about) : refusalSentence({ code, about })
}

/** The codes that are not an incident's, for tests that look at every sentence. */
export const changeRefusalCodes: readonly ChangeRefusalCode[] = Object.keys(sentences) as (keyof typeof sentences)[]

function isOwn(code: ChangeRefusalCode): code is keyof typeof sentences {
  return Object.hasOwn(sentences, code)
}
