import SQLite from 'better-sqlite3'
import { expect } from 'vitest'
import { member, until } from '#/drill/crew.ts'
import type { IncidentId } from '#/incident/events.ts'
import { signIn } from '../../flows/machine/machine.ts'
import { type Case, caseOf } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import type { World } from '../harness/world.ts'

/** Ids that an account could have if Autentico, or somebody in its database, were up to no good. */
const ids: readonly string[] = [
  '../clients',
  '..',
  '.',
  './',
  '..%2f..%2fclients',
  '%2e%2e',
  '%2e%2e%2fclients',
  '%252e%252e',
  'a/b',
  'a/../b',
  '/',
  '//',
  '\\..\\',
  '..;/',
  '?',
  'a?x=1',
  '?force=true',
  '#',
  'a#b',
  'a&b=c',
  'a;b',
  '%',
  '%zz',
  '%00',
  '%0d%0aX: y',
  'a\r\nX-Evil: 1',
  'a\nb',
  '\u0000',
  'a\u0000b',
  '\u007f',
  '\t',
  ' ',
  '  a  ',
  '+',
  'a+b',
  'me',
  'self',
  'unlock',
  'bulk',
  'users',
  '*',
  '"',
  "'",
  "' OR 1=1 --",
  '<!channel>',
  '<@U0BAO>',
  '|',
  'a|b|c',
  'ü',
  '\u202e',
  '\ufeff',
  'é/..',
  '你好',
  'x'.repeat(255),
  'x'.repeat(257),
  'x'.repeat(10_240),
]

/** Gives an account another id, wherever Autentico's database knows it by it. */
function rename({ stage }: World, username: string, id: string): void {
  const db = new SQLite(stage.autentico.databaseFile)
  try {
    db.pragma('foreign_keys = OFF')
    const old = stage.autentico.accounts[username]?.id ?? ''
    db.prepare('UPDATE users SET id = ? WHERE id = ?').run(id, old)
    for (const table of ['sessions', 'idp_sessions', 'tokens'])
      db.prepare(`UPDATE ${table} SET user_id = ? WHERE user_id = ?`).run(id, old)
  } finally {
    db.close()
  }
}

/** The incident, once its account was read or could not be; undefined when the form did not open it. */
async function opens({ stage }: World, username: string): Promise<Case | undefined> {
  const ana = stage.slack.as('ana')
  const sent = await member(ana)
    .openIncident({ target: username })
    .catch((error: Error) => error)
  for (const { id } of ana.views()) await ana.close(id)
  const title = !(sent instanceof Error) && sent.ok && sent.now === 'updated' ? sent.form.title : ''
  const [id] = /^INC-\d+/.exec(title) ?? []
  if (id === undefined) return undefined
  const opened = caseOf(stage, id as IncidentId)
  await until(() => {
    const { thread, facts, snapshotFailed } = opened.state()
    return thread !== undefined && (facts ?? snapshotFailed) !== undefined ? true : undefined
  }, `the account of ${id} to be read`)
  return opened
}

fault({
  id: 'F35',
  title: 'an account whose id is made to reach something else: what is called is that account, or nothing',
  ci: 1,
  nightly: 90,
  variants: ids,
  // The drill knows the accounts by their first id.
  except: ['I2', 'I3'],
  async run({ world, variant: id, struck, adopt, succeeds, proves, asked }) {
    const { control } = world.stage.autentico
    const username = world.nextAccount()
    await signIn(world.stage, username)
    rename(world, username, id)
    const from = control.calls.length
    const opened = await opens(world, username)
    struck()
    if (opened === undefined) {
      // The form did not offer it, or did not take it.
    } else if (opened.state().facts === undefined) {
      adopt(opened)
      await succeeds(() => expect(opened.state().snapshotFailed).toMatch(/^The id /))
    } else {
      adopt(opened)
      await opened.ask(1)
      await opened.approve()
      await proves(opened)
    }
    const changing = control.calls
      .slice(from)
      .filter(({ method, path }) => method !== 'GET' && path.startsWith('/admin/'))
    const allowed = `/admin/api/users/${encodeURIComponent(id.toWellFormed())}/`
    await succeeds(() => {
      for (const { path } of changing)
        expect(path.startsWith(allowed), `${path} was called for the id ${JSON.stringify(id)}`).toBe(true)
    })
    // Accounts with ordinary ids are looked after as before.
    if (opened?.state().facts === undefined) {
      const next = await asked()
      await next.approve()
      await proves(next)
    }
  },
})
