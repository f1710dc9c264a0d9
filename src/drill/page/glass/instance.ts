import type Database from 'better-sqlite3'
import type { Planted } from '../../autentico/steal-admin.ts'
import type { Instance, InstanceHolding } from '../wire.ts'
import { watchDatabase } from './database-watch.ts'
import { linesOf } from './holdings.ts'

/** What may be in the attacker's hands: `planted` is what she left behind as an administrator. */
export type Exposed = 'planted' | 'key' | 'people' | 'authenticators' | 'locked'

/** What an incident about Autentico as a whole is about. */
export type InstanceTarget = {
  /** What was there at most is counted for each incident anew. */
  readonly incident: string
  /** Of the account that the bot signs in with: it is nobody's hold. */
  readonly botName: string
  readonly planted: Planted
  readonly exposes: readonly Exposed[]
  /** The fingerprint of the key that was in use when the incident was opened, in hexadecimal. */
  readonly exposedKey?: string
}

export type SigningKey = { readonly keyId: string; readonly fingerprint: string; readonly short: string }

export type InstanceOptions = {
  readonly databaseFile: string
  /** Asked before each look; undefined: no incident is about Autentico as a whole. */
  readonly target: () => InstanceTarget | undefined
  /** The key that Autentico publishes. What it rejects with does not matter. */
  readonly publishedKey: () => Promise<SigningKey>
  readonly onChange: () => void
  readonly now?: () => Date
  readonly glanceMs?: number
}

/** What Autentico as a whole is like now, and what of it is the attacker's. */
export type InstanceWatch = Disposable & { readonly instance: () => Instance | null; readonly look: () => void }

const askForKeyMs = 700

/** Watches Autentico's file, and the key that it publishes; while it is stopped, the key that was seen last stands. */
export function watchInstance({ target, publishedKey, ...options }: InstanceOptions): InstanceWatch {
  const ever = new Map<string, number>()
  let key: SigningKey | undefined
  const watch = watchDatabase<Instance>({
    ...options,
    read(db) {
      const about = target()
      // Without the key half of it would look new as soon as that was read.
      if (about === undefined || key === undefined) return undefined
      const holdings = readRows(db, about, key).map(({ held, ...row }): InstanceHolding => {
        const most = Math.max(held, ever.get(`${about.incident} ${row.kind}`) ?? 0)
        ever.set(`${about.incident} ${row.kind}`, most)
        return { ...row, live: held, ever: most }
      })
      return { incident: about.incident, holdings }
    },
  })
  let asking = false
  const ask = async (): Promise<void> => {
    if (asking || target() === undefined) return
    asking = true
    try {
      key = await publishedKey()
      watch.look()
    } catch {
      // Stopped, or starting: asked again in a moment.
    } finally {
      asking = false
    }
  }
  const timer = setInterval(() => void ask(), askForKeyMs)
  timer.unref()
  return {
    instance: () => {
      const seen = watch.seen()
      return seen !== null && seen.incident === target()?.incident ? seen : null
    },
    look: () => {
      watch.look()
      void ask()
    },
    [Symbol.dispose]: () => {
      clearInterval(timer)
      watch[Symbol.dispose]()
    },
  }
}

/** `held`: how many of them are the attacker's, or in the attacker's hands. */
type Row = Omit<InstanceHolding, 'live' | 'ever'> & { readonly held: number }

function readRows(db: Database.Database, about: InstanceTarget, key: SigningKey): readonly Row[] {
  return [
    keyRow(about, key),
    peopleRow(db, about),
    authenticatorsRow(db, about),
    adminsRow(db, about),
    clientsRow(db, about),
    providersRow(db, about),
    settingsRow(db, about),
    lockedRow(db, about),
  ]
}

function keyRow({ exposes, exposedKey }: InstanceTarget, key: SigningKey): Row {
  const isExposed = exposes.includes('key') && key.fingerprint === exposedKey
  return {
    kind: 'key',
    label: 'Signing key',
    count: key.short.slice(0, 9),
    held: isExposed ? 1 : 0,
    hold: isExposed ? 'the signing key' : '',
    lines: [`${key.keyId} · SHA-256 ${key.short}…${isExposed ? ', and mallory has it' : ''}`],
  }
}

type Named = { readonly name: string; readonly rogue: number }

function peopleRow(db: Database.Database, { exposes, botName }: InstanceTarget): Row {
  const people = db
    .prepare<[string], Named>(
      `SELECT username AS name, 0 AS rogue FROM users WHERE username <> ? AND (
         EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id AND deactivated_at IS NULL)
         OR EXISTS (SELECT 1 FROM idp_sessions WHERE user_id = users.id AND deactivated_at IS NULL))
       ORDER BY username`,
    )
    .all(botName)
  return rowOf(
    { kind: 'people', label: 'People signed in', one: 'the login of a person', many: 'people’s logins' },
    people,
    exposes,
  )
}

function authenticatorsRow(db: Database.Database, { exposes, botName }: InstanceTarget): Row {
  const all = db
    .prepare<[string, string], Named>(
      `SELECT 'authenticator of ' || username AS name, 0 AS rogue FROM users WHERE username <> ? AND totp_secret <> ''
       UNION ALL
       SELECT 'trusted device of ' || username, 0 FROM trusted_devices JOIN users ON users.id = user_id WHERE username <> ?`,
    )
    .all(botName, botName)
  return rowOf(
    {
      kind: 'authenticators',
      label: 'Authenticators and trusted devices',
      one: 'an authenticator',
      many: 'authenticators and trusted devices',
    },
    all,
    exposes,
  )
}

function adminsRow(db: Database.Database, { planted, exposes }: InstanceTarget): Row {
  const admins = db
    .prepare<[string], Named>(
      `SELECT username AS name, id = ? AS rogue FROM users WHERE role = 'admin' AND deactivated_at IS NULL ORDER BY rogue DESC, username`,
    )
    .all(planted.adminId)
  return rowOf({ kind: 'admins', label: 'Administrators', one: 'an administrator' }, admins, exposes)
}

function clientsRow(db: Database.Database, { planted, exposes }: InstanceTarget): Row {
  const clients = db
    .prepare<[string], Named>(
      'SELECT client_name AS name, client_id = ? AS rogue FROM clients WHERE is_active ORDER BY rogue DESC, client_name',
    )
    .all(planted.clientId)
  return rowOf({ kind: 'clients', label: 'Clients', one: 'a client' }, clients, exposes)
}

function providersRow(db: Database.Database, { planted, exposes }: InstanceTarget): Row {
  const providers = db
    .prepare<[string], Named>(
      'SELECT name, id = ? AS rogue FROM federation_providers WHERE enabled ORDER BY rogue DESC, name',
    )
    .all(planted.providerId)
  return rowOf({ kind: 'providers', label: 'Identity providers', one: 'an identity provider' }, providers, exposes)
}

function settingsRow(db: Database.Database, { planted, exposes }: InstanceTarget): Row {
  const opened = db
    .prepare<[string], Named>(
      `SELECT key || ' is on' AS name, 1 AS rogue FROM settings WHERE key = ? AND value = 'true'`,
    )
    .all(planted.setting)
  return rowOf({ kind: 'settings', label: 'Settings she opened', one: 'a setting' }, opened, exposes)
}

function lockedRow(db: Database.Database, { exposes }: InstanceTarget): Row {
  const locked = db
    .prepare<[], Named>(
      `SELECT username AS name, 0 AS rogue FROM users WHERE datetime(substr(locked_until, 1, 19)) > datetime('now') ORDER BY username`,
    )
    .all()
  return rowOf(
    { kind: 'locked', label: 'Locked accounts', one: 'a locked account', many: 'locked accounts' },
    locked,
    exposes,
  )
}

type Called = Pick<Row, 'kind' | 'label'> & { readonly one: string; readonly many?: string }

/** Where every one of a kind is exposed, the attacker has a hold on all of them; else on what was planted, where that counts. */
function rowOf({ kind, label, one, many = one }: Called, found: readonly Named[], exposes: readonly string[]): Row {
  const planted = exposes.includes('planted') ? found.filter(({ rogue }) => rogue === 1).length : 0
  const held = exposes.includes(kind) ? found.length : planted
  const all = found.length === 0 ? 'none' : found.length.toLocaleString('en')
  return {
    kind,
    label,
    count: held === 0 ? all : `${held.toLocaleString('en')} of ${all}`,
    held,
    hold: held === 0 ? '' : held === 1 ? one : `${held.toLocaleString('en')} ${many}`,
    lines: linesOf(found.map(({ name, rogue }) => (rogue === 1 ? `${name}, mallory’s` : name))),
  }
}
