import type Database from 'better-sqlite3'
import type { Environment } from './environment.ts'
import type { Ids } from './ids.ts'
import type { Settings } from './settings.ts'

/** What every handler works on. */
export type World = {
  readonly db: Database.Database
  readonly now: () => Date
  /** Base address without a trailing slash. */
  readonly url: string
  /** Base address of the OAuth endpoints, which is also the issuer. */
  readonly issuer: string
  readonly environment: Environment
  readonly settings: Settings
  readonly ids: Ids
}

/** The client that the admin API asks for in `aud`. */
export const adminClientId = 'autentico-admin'
/** The client that the self-service API asks for in `aud`. */
export const accountClientId = 'autentico-account'
