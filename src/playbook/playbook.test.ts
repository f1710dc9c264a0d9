import { describe, expect, test } from 'vitest'
import { type BuiltInId, builtIn, loadPlaybooks } from '#/configuration/playbooks.ts'
import { leftOutBy, type Playbook, type StepId } from './playbook.ts'

/** Autentico's incident-response document, as it stands there. */
const document = `If a user account may be compromised:

  1. Revoke all sessions for the user — Admin UI → Sessions → filter by user → revoke all active sessions
  2. Reset the password — Admin UI → Users → edit → set new password
  3. Reset MFA — set totp_verified = false so the user must re-enroll with a new TOTP secret
  4. Revoke passkeys — delete any passkey credentials associated with the account
  5. Notify the user out-of-band and require them to verify their identity before restoring access

If AUTENTICO_ADMIN_TOKEN may be exposed:

  1. Rotate the token immediately — update AUTENTICO_ADMIN_TOKEN in your environment and restart Autentico
  2. Review admin API logs for any unauthorized operations (user creation, settings changes, client registration)
  3. Check for new admin users — review the user list for accounts with role = admin you didn’t create
  4. Check for unexpected clients — review the client list for unfamiliar registrations

If the value of AUTENTICO_PRIVATE_KEY may be exposed:

  1. Generate a new RSA key: run autentico init (or openssl genrsa 4096 | base64 -w 0 for a raw key) to produce a new base64-encoded PEM
  2. Replace AUTENTICO_PRIVATE_KEY in your environment or secrets manager and restart Autentico
  3. All existing tokens are now invalid — users will need to re-authenticate. This is intentional: the old key can no longer be used to issue valid tokens.
  4. Update AUTENTICO_JWK_CERT_KEY_ID if your clients cache the JWKS by key ID

If the SQLite database is accessed by an unauthorized party:

  • Passwords: bcrypt-hashed, no plaintext exposure. Users’ passwords themselves are not directly compromised.
  • TOTP secrets: stored in the database. Affected users should be directed to re-enroll TOTP with new secrets.
  • Session tokens: revoke all active sessions immediately.
  • Refresh tokens: all existing refresh tokens should be considered compromised. Consider rotating the RSA key to invalidate all tokens.
  • Notify affected users per your legal and regulatory obligations.

Autentico does not have built-in rate limiting beyond account lockout. For DoS mitigation:

  • Configure rate limiting at the reverse proxy level (nginx limit_req, Caddy rate_limit, Traefik ratelimit)
  • Restrict access to the admin API endpoints by IP at the firewall or proxy level`

/** The section that the newer revision has in place of the one on AUTENTICO_ADMIN_TOKEN, without its markup. */
const newer = `If an admin account may be compromised:

  1. Revoke all admin sessions — Admin UI → Sessions → filter by the admin user → revoke all active sessions
  2. Reset the admin password — Admin UI → Users → edit the admin account → set a new strong password
  3. Reset admin MFA — re-enroll TOTP for the admin account
  4. Review admin API logs for any unauthorized operations (user creation, settings changes, client registration)
  5. Check for new admin users — review the user list for accounts with role = admin you didn't create
  6. Check for unexpected clients — review the client list for unfamiliar registrations`

type Section = { readonly heading: string; readonly lines: readonly string[] }

const sections: readonly Section[] = `${document}\n\n${newer}`
  .split(/\n\n(?=\S)/)
  .map((text) => text.split('\n'))
  .map(([heading = '', ...lines]) => ({
    heading,
    lines: lines.flatMap((line) => /^\s+(?:\d\.|•) (.+)$/.exec(line)?.[1] ?? []),
  }))

/** For each step the line of its section, from 1; 0: the heading; or the line of another section. */
const places: Readonly<Record<BuiltInId, readonly (number | readonly [section: string, line: number])[]>> = {
  'account-compromise': [1, 2, 3, 4, 5],
  'admin-token-exposed': [1, 2, 3, 4],
  'private-key-exposed': [1, 2, 3, 4],
  'database-breach': [1, 2, 3, 4, 4, 4, 4, 0, 5, 5],
  'denial-of-service': [1, 2, 0, 0],
  'admin-account-compromise': [1, 2, 3, ['If a user account', 4], 4, 5, 6, ['If a user account', 5]],
}

const ids = Object.keys(places) as BuiltInId[]
const playbooks = loadPlaybooks({})

function sectionOf(part: string): Section {
  const found = sections.filter(({ heading }) => heading.includes(part))
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} sections have “${part}”`)
  return found[0]
}

function lineOf(playbook: Playbook, at: number): string {
  const place = places[playbook.id as BuiltInId][at]
  const [section, line] =
    typeof place === 'object' ? [sectionOf(place[0]), place[1]] : [sectionOf(playbook.section), place]
  return line === 0 ? section.heading : (section.lines[(line ?? 0) - 1] ?? '')
}

function words(sentence: string): readonly string[] {
  return (
    sentence
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\w'-]{2,}/g) ?? []
  )
}

/** Whether all of these words stand there, in this order. */
function quotes(said: readonly string[], line: readonly string[]): boolean {
  let at = 0
  for (const word of line) if (word === said[at]) at += 1
  return at === said.length
}

test('the document has the sections that the playbooks are made from, and no other', () => {
  expect(sections.map(({ lines }) => lines.length)).toEqual([5, 4, 4, 5, 2, 6])
  expect(playbooks.map(({ id }) => id)).toEqual(ids)
  expect(new Set(playbooks.map(({ section }) => sectionOf(section).heading)).size).toBe(sections.length)
})

describe.each(playbooks)('the playbook $id', (playbook) => {
  const own = places[playbook.id as BuiltInId].filter(
    (place): place is number => typeof place === 'number' && place > 0,
  )

  test('is named after the heading of its section', () => {
    expect(sectionOf(playbook.section).heading).toMatch(new RegExp(`(?:^|\\. )${playbook.section}:$`))
  })

  test('has every line of its section, in its order', () => {
    expect(own).toEqual(own.toSorted((a, b) => a - b))
    expect([...new Set(own)]).toEqual(sectionOf(playbook.section).lines.map((_line, index) => index + 1))
    expect(playbook.steps).toHaveLength(places[playbook.id as BuiltInId].length)
  })

  test.each(playbook.steps.map((step, at) => [step.title, step, lineOf(playbook, at)] as const))(
    '“%s” quotes its line, word after word',
    (_title, step, line) => {
      // “a new password”: the one word that was put in to make a sentence of a line.
      const said = words(step.document).filter((word) => word !== 'a')
      expect(said.length).toBeGreaterThan(3)
      expect(quotes(said, words(line)), `${said.join(' ')}\n${words(line).join(' ')}`).toBe(true)
    },
  )

  test('says on one line each what is done, as a sentence', () => {
    for (const { does, document: says } of playbook.steps)
      for (const text of [does, says]) expect(text).toMatch(/^[^\n]+\.$/)
  })

  test('is followed only by playbooks that there are', () => {
    expect((playbook.followUps ?? []).filter((id) => !playbooks.some((other) => other.id === id))).toEqual([])
  })
})

test.each([builtIn('account-compromise'), builtIn('admin-account-compromise')])(
  '$id gives nothing back before the user was told, and last of all',
  ({ steps }) => {
    const recovery = steps.filter(({ kind }) => kind === 'recovery')
    expect(recovery.map(({ id, needsNotification }) => [id, needsNotification])).toEqual([['notify', true]])
    expect(steps.at(-1)).toBe(recovery[0])
  },
)

test.each([builtIn('account-compromise'), builtIn('admin-account-compromise')])(
  '$id sees through what needs the database by suspending or by two people’s word',
  ({ steps }) => {
    expect(steps.find(({ action }) => action === 'close-doors')?.fallbacks).toEqual(['suspend', 'attest'])
  },
)

test.each(['admin-token-exposed', 'admin-account-compromise'] as const)(
  '%s is not contained before what an administrator may have left behind was looked at',
  (id) => {
    const reviews = builtIn(id).steps.filter(({ action }) => action === 'review-admins' || action === 'review-clients')
    expect(reviews.map(({ kind }) => kind)).toEqual(['containment', 'containment'])
  },
)

test('the steps of account-compromise are named after the first word of their lines', () => {
  const { steps } = builtIn('account-compromise')
  const { lines } = sectionOf('If a user account')
  expect(steps.map(({ title }) => words(title)[0])).toEqual(lines.map((line) => words(line)[0]))
})

test('a breach alone has a legal clock, and its last question ends it', () => {
  expect(playbooks.filter(({ legalClock }) => legalClock === true).map(({ id }) => id)).toEqual(['database-breach'])
  expect(
    builtIn('database-breach')
      .steps.at(-1)
      ?.question?.answers.map(({ id }) => id),
  ).toEqual(['notify', 'do-not-notify'])
})

test('an answer leaves out what only other answers choose', () => {
  const [one, two, both] = ['one' as StepId, 'two' as StepId, 'both' as StepId]
  const question = {
    ask: 'Which?',
    answers: [
      { id: 'a', label: 'A', steps: [one, both] },
      { id: 'b', label: 'B', steps: [two, both] },
      { id: 'neither', label: 'Neither' },
    ],
  }
  expect(leftOutBy(question, 'a')).toEqual([two])
  expect(leftOutBy(question, 'neither')).toEqual([one, both, two])
})
