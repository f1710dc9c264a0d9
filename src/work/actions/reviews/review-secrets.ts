import { count } from '../words.ts'
import { findingOf, unspoken } from './finding.ts'
import { reading } from './reading.ts'

/** The secrets that lie readable in the database, with who makes each of them worthless. Those that people have to see to are findings. */
export const reviewSecrets = reading('review-secrets', async (ctx) => {
  const secrets = await ctx.autentico.readableSecrets()
  if (secrets === undefined) {
    return {
      did: ['The database cannot be read on this worker, so what lies in it is not counted.'],
      findings: byPeople.map(([id, says]) => finding(id, says)),
      gaps: ['The database cannot be read on this worker (no `AUTENTICO_DB_PATH`).'],
    }
  }
  const there = secrets.filter(({ rows }) => rows > 0)
  const { findings } = unspoken(
    there
      .filter(({ endedBy }) => endedBy === 'person')
      .map(({ kind, sentence, rows }) => finding(kind, sentence, rows)),
    ctx,
  )
  return {
    did: [
      `${count(there.length, 'kind')} of secrets lie readable in the database.`,
      ...there
        .filter(({ endedBy }) => endedBy !== 'person')
        .map(({ kind, rows, sentence }) => `${label(kind)} (${rows}): ${sentence}`),
    ],
    findings,
  }
})

const byPeople = [
  ['smtp-password', 'The password of the mail server. Change it there, then in the settings.'],
  [
    'provider-secrets',
    'The client secrets at other identity providers. Have each issue a new one, and enter it in Autentico.',
  ],
] as const

function finding(id: string, says: string, rows?: number) {
  return findingOf({
    kind: 'secret',
    noun: 'Secret',
    subject: { id, name: label(id) },
    says,
    flags: ['only people can change it'],
    ways: [],
    byHand: true,
    state: { id, rows: rows ?? null },
  })
}

function label(kind: string): string {
  const words = kind
    .replaceAll('-', ' ')
    .replace(/^sso/, 'single sign-on')
    .replace(/^smtp/, 'SMTP')
    .replace(/^totp/, 'TOTP')
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
}
