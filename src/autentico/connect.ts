import { type Admins, adminsOf } from './admins.ts'
import { type Audit, auditOf } from './audit.ts'
import { type AuditCoverage, auditCoverage } from './audit-coverage.ts'
import { type Capabilities, detectCapabilities } from './capabilities.ts'
import { type ClearEverybody, clearEverybodyOf } from './clear-everybody.ts'
import { type AdminClient, adminClient } from './client.ts'
import { type Clients, clientsOf } from './clients.ts'
import { type AutenticoDatabase, autenticoDatabase } from './database.ts'
import { type PublicDeps, readDiscovery } from './discovery.ts'
import { type EveryUser, everyUserOf } from './every-user.ts'
import { type Facts, type FactsDeps, readFacts } from './facts.ts'
import { DatabaseUnusable } from './failures.ts'
import { type Federation, federationOf } from './federation.ts'
import { type LockedAccount, lockedAccounts } from './locked-accounts.ts'
import { type Ended, observed } from './observed.ts'
import { type Keeping, type OldTokens, obtainOldTokens } from './old-tokens.ts'
import { type Proofs, proofsOf } from './proof.ts'
import { type PublishedKey, readPublishedKey } from './published-key.ts'
import { type ReadableSecret, readableSecrets } from './readable-secrets.ts'
import { type Restarted, restart } from './restart.ts'
import { baseUrl, oauthPath } from './server-address.ts'
import { type Sessions, sessionsOf } from './sessions.ts'
import { type Settings, settingsOf } from './settings.ts'
import { type Snapshot, takeSnapshot } from './snapshot.ts'
import { parseGoDuration } from './times.ts'
import { type Bearer, type Credentials, readBearer, tokenSource, type Witness } from './token.ts'
import { type Tokens, tokensOf } from './tokens.ts'
import { defaultLimits, type Limits, openTransport, type Transport } from './transport.ts'
import { type Users, usersOf } from './users.ts'
import { whichProcess } from './which-process.ts'

export type AutenticoOptions = {
  /** Autentico's base URL (`AUTENTICO_APP_URL` there). The admin API is at `/admin/api` below it. */
  readonly url: string
  /** Default `/oauth2`, as in Autentico. */
  readonly oauthPath?: string
  readonly credentials: Credentials
  /** Autentico's own SQLite file, where the worker runs beside it. */
  readonly databasePath?: string | undefined
  readonly limits?: Partial<Limits>
  readonly now?: () => Date
  /** Told of every exchange that has ended, for whoever counts. */
  readonly ended?: ((exchange: Ended) => void) | undefined
}

/** Everything the bot says to Autentico. Nothing is sent before the first call. */
export type Autentico = {
  readonly users: Users
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly audit: Audit
  /** How far the audit log can be believed about the time since a moment. */
  auditCoverage(since: Date): Promise<AuditCoverage>
  readonly settings: Settings
  readonly database: AutenticoDatabase | undefined
  readonly clients: Clients
  readonly federation: Federation
  readonly admins: Admins
  readonly everyUser: EveryUser
  readonly clearEverybody: ClearEverybody
  /** How the bot signs in: a ready bearer cannot be renewed. */
  readonly signsIn: Credentials['kind']
  /** Milliseconds of a duration as the settings have it, `15m` for one; undefined for what is none. */
  durationOf(text: string | undefined): number | undefined
  /** Where people reach it (`issuer`), its OAuth path, and where this worker does. */
  addresses(): Promise<{ readonly issuer: string; readonly oauthPath: string; readonly url: string }>
  /** Which process of Autentico answers, as far as its request ids tell. */
  process(): Promise<string | undefined>
  /** What lies readable in the database, undefined without one. */
  readableSecrets(): Promise<readonly ReadableSecret[] | undefined>
  readonly proofs: Proofs
  /** Who cannot sign in by password at this moment. Reads everybody. */
  lockedAccounts(): Promise<readonly LockedAccount[]>
  facts(userId: string): Promise<Facts | undefined>
  snapshot(userId: string, options?: { readonly auditDays?: number }): Promise<Snapshot>
  /** The account the bot signs in with, from its own token. No action may touch it. */
  whoami(): Promise<Bearer>
  capabilities(): Promise<Capabilities>
  /** The key that Autentico signs with now. */
  publishedKey(): Promise<PublishedKey>
  /** Obtains tokens that are old after a change, to try them then. Undefined with a ready bearer. */
  oldTokens(keeping?: Keeping): Promise<OldTokens | undefined>
  /** Restarts Autentico with an argument vector, and waits until it lets the bot in again. */
  restart(how: { readonly command: readonly string[]; readonly limitMs: number }): Promise<Restarted>
  /**
   * The same connection, which also tells `witness` of every answer that arrives (call, status, `X-Request-ID`): one for
   * each work order, so that its record names what was done for it.
   */
  tracing(witness: Witness): Autentico
  /**
   * The same connection, with the database only if it can be used and is provably this server's at this moment: it must
   * have the token that the bot holds. What a copy shows would prove nothing, so then everything goes on without it.
   */
  trusted(): Promise<Autentico>
}

/** A connection to one Autentico, which closes when it is disposed of. */
export type AutenticoConnection = Autentico &
  AsyncDisposable & {
    /** Whether Autentico answers at all right now: asks for what everybody may read. Never throws. */
    reachable(): Promise<boolean>
  }

/**
 * Connects to one Autentico. Disposing of it closes its connections; what `tracing` returns shares them.
 *
 * @throws Error naming AUTENTICO_URL or the OAuth path if either is unusable.
 */
export function connectAutentico(options: AutenticoOptions): AutenticoConnection {
  const { credentials, databasePath, now = () => new Date() } = options
  const url = baseUrl(options.url)
  const bare = openTransport(url, { ...defaultLimits, ...options.limits })
  const transport = observed(bare, options.ended)
  const path = oauthPath(options.oauthPath ?? '/oauth2')
  const tokens = tokenSource({ transport, oauthPath: path, credentials, now })
  const database = databasePath === undefined ? undefined : autenticoDatabase({ path: databasePath })

  const open: PublicDeps = { transport, base: url, oauthPath: path, record: () => undefined, now }
  const client = adminClient({ transport, tokens, now })
  const autentico = compose({ open, credentials, client, database, now })
  return {
    ...autentico,
    // Not counted: it would hide how long the work takes.
    reachable: async () => answers(bare, `${path}/.well-known/openid-configuration`),
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  }
}

async function answers(transport: Transport, path: string): Promise<boolean> {
  try {
    const call = 'GET the OpenID configuration'
    const { status } = await transport.send({ method: 'GET', path, call, headers: {}, mayChange: false })
    return status < 500
  } catch {
    return false
  }
}

type Parts = {
  /** What needs no sign-in. */
  readonly open: PublicDeps
  readonly credentials: Credentials
  readonly client: AdminClient
  readonly database: AutenticoDatabase | undefined
  readonly now: () => Date
}

function compose(parts: Parts): Autentico {
  const { open, credentials, client, database, now } = parts
  const whoami = async (): Promise<Bearer> => readBearer(await client.bearer())
  const botId = async (): Promise<string> => (await whoami()).userId

  const users = usersOf(client)
  const sessions = sessionsOf(client)
  const tokens = tokensOf(client)
  const settings = settingsOf(client, {
    botHasTotp: async () => (await users.read(await botId()))?.totpVerified === true,
  })
  const audit = auditOf(client, settings)
  const everyUser = everyUserOf(client, database)
  const facts: FactsDeps = { users, sessions, tokens, settings, database, botId, now }

  return {
    users,
    sessions,
    tokens,
    audit,
    auditCoverage: async (since) => auditCoverage({ audit, settings, database, now }, since),
    settings,
    database,
    clients: clientsOf({
      client,
      own: async () => (await whoami()).clientId,
      discovery: async () => readDiscovery(open),
      database,
    }),
    federation: federationOf(client, database),
    admins: adminsOf({ users, database, botId }),
    everyUser,
    clearEverybody: clearEverybodyOf({ users, everyUser, database, botId }),
    signsIn: credentials.kind,
    durationOf: (text) => (text === undefined ? undefined : parseGoDuration(text)),
    process: async () => whichProcess(open.transport),
    addresses: async () => ({
      issuer: (await readDiscovery(open)).issuer,
      oauthPath: open.oauthPath,
      url: open.base.href,
    }),
    readableSecrets: async () => (database === undefined ? undefined : readableSecrets(database)),
    lockedAccounts: async () => lockedAccounts(everyUser, now()),
    proofs: proofsOf({ users, sessions, tokens, database }),
    facts: async (userId) => readFacts(facts, userId),
    snapshot: async (userId, options) => takeSnapshot({ ...facts, audit }, userId, options),
    whoami,
    capabilities: async () => detectCapabilities({ url: open.base, client, users, audit, settings, database }),
    publishedKey: async () => readPublishedKey(open),
    oldTokens: async (keeping) => obtainOldTokens({ ...open, credentials }, keeping),
    restart: async (how) => restart({ transport: open.transport, client }, how),
    tracing: (witness) =>
      compose({ ...parts, client: client.tracing(witness), open: { ...open, record: both(open.record, witness) } }),
    trusted: async () => compose({ ...parts, database: await ownDatabase(client, database) }),
  }
}

function both(first: Witness, second: Witness): Witness {
  return (exchange) => {
    first(exchange)
    second(exchange)
  }
}

async function ownDatabase(
  client: AdminClient,
  database: AutenticoDatabase | undefined,
): Promise<AutenticoDatabase | undefined> {
  if (database === undefined) return undefined
  const token = await client.bearer()
  try {
    return (await database.capability()).usable && (await database.knowsToken(token)) ? database : undefined
  } catch (error) {
    if (error instanceof DatabaseUnusable) return undefined
    throw error
  }
}
