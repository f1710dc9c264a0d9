import { z } from 'zod'
import { option } from '../cards/blocks.ts'
import { oneLine } from '../cards/text.ts'
import type { AccountHit, Pick } from '../door.ts'
import { limits } from '../limits.ts'
import { unescaped } from '../thread-message.ts'
import { whyNotRead } from './answers.ts'
import type { Desk, Suggestion } from './desk.ts'

/** What the target field holds: an account that was picked, a bare text, or a person of Slack. */
export type TargetValue =
  | { readonly kind: 'account'; readonly id: string; readonly username: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'person'; readonly user: string }
  | { readonly kind: 'none' }

export function readTarget(value: string): TargetValue {
  const [kind, first = '', ...rest] = value.split('|')
  if (kind === 'a' && first !== '') return { kind: 'account', id: first, username: rest.join('|') }
  if (kind === 't' && value.length > 2) return { kind: 'text', text: value.slice(2) }
  if (kind === 'u' && /^[UW][A-Z0-9]{2,30}$/.test(first)) return { kind: 'person', user: first }
  return { kind: 'none' }
}

/** What the command named, as a value that the field can hold from the start. */
export function namedTarget(typed: string): { readonly text: string; readonly value: string } | undefined {
  const text = unescaped(oneLine(typed)).slice(0, 120)
  if (text === '') return undefined
  const [, user, name] = /^<@([UW][A-Z0-9]+)(?:\|([^>]*))?>$/.exec(text) ?? []
  if (user !== undefined) return { text: `@${name === undefined || name === '' ? user : name}`, value: `u|${user}` }
  // Slack makes a link of an e-mail address.
  const [, address] = /^<mailto:[^|>]*\|([^>]+)>$/.exec(text) ?? []
  const plain = address ?? text
  return { text: plain, value: `t|${plain}` }
}

/** The type-ahead of the target field. Whoever may not open an incident is shown no accounts. */
export async function suggestTargets({ user, typed, answer }: Suggestion, desk: Desk): Promise<void> {
  const [by, hits] = await Promise.all([
    desk.roster.standing(user),
    desk.door.accounts.search(oneLine(typed).slice(0, 100)),
  ])
  if (whyNotRead(by) !== undefined) return answer({ options: [] })
  if ('kind' in hits) return answer({ options: [option(`⛔ ${hits.why}`, 'none')] })
  await answer({ options: hits.slice(0, limits.selectOptions).flatMap(optionOf) })
}

function optionOf(hit: AccountHit): readonly ReturnType<typeof option>[] {
  const value = `a|${hit.id}|${hit.username}`
  // A value that were cut would name somebody else.
  if (value.length > limits.optionValue || hit.id.includes('|')) return []
  return [option(describe(hit), value)]
}

/** "alice · alice@acme.test · 3 sessions · MFA on" */
function describe({ username, email, sessions, mfa, isBot }: AccountHit): string {
  return [
    username,
    ...(email === '' || email === username ? [] : [email]),
    ...(isBot ? ['this bot signs in with it'] : []),
    ...(sessions === undefined ? [] : [`${sessions} ${sessions === 1 ? 'session' : 'sessions'}`]),
    ...(mfa === undefined ? [] : [`MFA ${mfa ? 'on' : 'off'}`]),
  ].join(' · ')
}

export type Resolved =
  | { readonly kind: 'account'; readonly account: AccountHit }
  | { readonly kind: 'problem'; readonly sentence: string }

/** The account that the field means, read afresh. Plain text: it stands under the field. */
export async function resolveTarget(desk: Desk, value: string): Promise<Resolved> {
  const target = readTarget(value)
  switch (target.kind) {
    case 'none': {
      const trouble = await desk.door.accounts.trouble()
      return problem(
        trouble === undefined
          ? 'Type the username or the e-mail address, and pick the account from the list that opens.'
          : notNow(trouble),
      )
    }
    case 'person': {
      const email = await emailOf(desk, target.user)
      return email === undefined
        ? problem('Slack does not give the e-mail address of that person. Type the username in Autentico.')
        : resolved(await desk.door.accounts.pick(email), email)
    }
    case 'text':
      return resolved(await desk.door.accounts.pick(target.text), target.text)
    case 'account': {
      const picked = resolved(await desk.door.accounts.pick(target.username), target.username)
      if (picked.kind === 'account' && picked.account.id !== target.id)
        return problem(`The name ${target.username} belongs to another account now. Pick the account again.`)
      return picked
    }
  }
}

function resolved(pick: Pick, typed: string): Resolved {
  switch (pick.kind) {
    case 'found':
      return pick.account.deactivated === true
        ? problem(
            `${pick.account.username} is deactivated in Autentico, so nobody can sign in with it. Pick another account.`,
          )
        : { kind: 'account', account: pick.account }
    case 'none':
      return problem(
        `No user is called \`${typed}\`.${pick.nearest === undefined ? '' : ` Did you mean \`${pick.nearest}\`?`}${pick.note === undefined ? '' : ` ${pick.note}`}`,
      )
    case 'ambiguous':
      return problem(
        `More than one user fits \`${typed}\`: ${pick.candidates
          .slice(0, 5)
          .map(({ username }) => username)
          .join(', ')}. Pick one from the list.`,
      )
    case 'unavailable':
      return problem(notNow(pick.why))
  }
}

function notNow(why: string): string {
  return `Accounts cannot be looked up right now, so nothing was opened. ${why} The form stays: send it again in a moment.`
}

function problem(sentence: string): Resolved {
  return { kind: 'problem', sentence: oneLine(sentence).slice(0, 500) }
}

async function emailOf(desk: Desk, user: string): Promise<string | undefined> {
  try {
    const answer = await desk.call('users.info', { user })
    return z.object({ user: z.object({ profile: z.object({ email: z.string().min(3) }) }) }).parse(answer).user.profile
      .email
  } catch {
    return undefined
  }
}
