import type { AccountFacts } from '#/incident/account.ts'
import type { Effect } from '#/incident/work.ts'

/** `3 sessions`, `1 session`, `no sessions`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  if (amount === 0) return `no ${many}`
  return `${amount.toLocaleString('en')} ${amount === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[]): string {
  const [last = ''] = parts.slice(-1)
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`
}

/** What there is of several things, in words; what there is none of goes unsaid. Empty: nothing at all. */
export function present(...counts: readonly (readonly [amount: number, one: string, many?: string])[]): string {
  return list(counts.flatMap(([amount, one, many]) => (amount === 0 ? [] : [count(amount, one, many)])))
}

/** What is signed in, in words. Empty: nothing. */
export function signedIn({ counts }: Pick<AccountFacts, 'counts'>): string {
  const { sessions, ssoSessions, tokens } = counts
  return present([sessions, 'session'], [ssoSessions, 'single sign-on session'], [tokens, 'token'])
}

/** Cuts a text to what a place takes, in UTF-16 units, and never in the middle of a character. */
export function fit(text: string, longest: number): string {
  if (text.length <= longest) return text
  const cut = text.slice(0, longest - 1)
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`
}

/** `2026-11-23 03:31 UTC`. */
export function utc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`
}

const nouns: Readonly<Record<string, readonly [one: string, many: string]>> = {
  sessions: ['session', 'sessions'],
  ssoSessions: ['single sign-on session', 'single sign-on sessions'],
  passkeys: ['passkey', 'passkeys'],
  trustedDevices: ['trusted device', 'trusted devices'],
  linkedAccounts: ['linked account', 'linked accounts'],
  locked: ['locked account', 'locked accounts'],
}

type Value = Effect['basis'][string] | undefined

/** How what is there now differs from what was approved, one sentence each: "alice now has 4 sessions, not 3." */
export function differences(who: string, approved: Effect['basis'], now: Effect['basis']): readonly string[] {
  const names = [...new Set([...Object.keys(approved), ...Object.keys(now)])].toSorted()
  return names.flatMap((name) => {
    const [before, after] = [approved[name], now[name]]
    return before === after ? [] : [difference(who, name, before, after)]
  })
}

function difference(who: string, name: string, before: Value, after: Value): string {
  const noun = nouns[name]
  if (noun !== undefined && typeof before === 'number' && typeof after === 'number') {
    return `${who} now has ${count(after, ...noun)}, not ${before}.`
  }
  if (name === 'admins') return adminsDiffer(String(before ?? ''), String(after ?? ''))
  if (noun !== undefined) return `The ${noun[1]} of ${who} ${after === null ? 'can no longer' : 'can now'} be seen.`
  const flag = typeof after === 'boolean' ? flags[name] : undefined
  if (flag !== undefined) return `${flag.about ?? who} ${after === true ? flag.yes : flag.no}.`
  return `The ${labels[name] ?? name} of ${who} is now ${shown(after)}, not ${shown(before)}.`
}

/** Both are lists of ids, which say nothing to anybody; the request that follows names the people. */
function adminsDiffer(before: string, after: string): string {
  const [was, is] = [before, after].map((ids) => ids.split(' ').filter((id) => id !== '').length)
  return was === is
    ? 'Other people are administrators now than were shown.'
    : `There are ${is} administrators now, not ${was}.`
}

const flags: Readonly<Record<string, { readonly about?: string; readonly yes: string; readonly no: string }>> = {
  suspended: { yes: 'is suspended now', no: 'is no longer suspended' },
  lastAdmin: { yes: 'is now the last administrator', no: 'is no longer the last administrator' },
  mfaEnrolled: { yes: 'has an authenticator now', no: 'no longer has an authenticator' },
  mfaRequired: { about: 'This Autentico', yes: 'requires MFA now', no: 'no longer requires MFA' },
  database: { about: 'The worker', yes: 'can reach the database now', no: 'can no longer reach the database' },
  environment: {
    about: 'The worker',
    yes: 'can reach the environment file now',
    no: 'can no longer reach the environment file',
  },
  active: { about: 'The client', yes: 'is active now', no: 'is disabled now' },
  enabled: { about: 'The identity provider', yes: 'is on now', no: 'is off now' },
}

const labels: Readonly<Record<string, string>> = {
  username: 'username',
  email: 'e-mail address',
  role: 'role',
  publishedKey: 'signing key',
  wantedKey: 'key to be put in place',
  givenKey: 'key made by hand',
  keyId: 'key id',
  value: 'setting',
}

function shown(value: Value): string {
  return value === '' || value === null || value === undefined ? 'empty' : `“${String(value)}”`
}
