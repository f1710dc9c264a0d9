import type Database from 'better-sqlite3'
import { durationMs, sqlTime } from './time.ts'

/** Every setting that Autentico knows, with the value it has on a fresh install. */
export const settingDefaults: ReadonlyMap<string, string> = new Map([
  ['access_token_expiration', '15m'],
  ['refresh_token_expiration', '720h'],
  ['authorization_code_expiration', '10m'],
  ['access_token_audience', '[]'],
  ['allow_self_signup', 'false'],
  ['sso_enabled', 'true'],
  ['sso_session_idle_timeout', '4h'],
  ['sso_session_max_age', '720h'],
  ['validation_min_username_length', '4'],
  ['validation_max_username_length', '64'],
  ['validation_min_password_length', '6'],
  ['validation_max_password_length', '64'],
  ['account_lockout_max_attempts', '5'],
  ['account_lockout_duration', '15m'],
  ['auth_mode', 'password'],
  ['passkey_rp_name', 'Autentico'],
  ['passkey_login_mode', 'username_first'],
  ['trust_device_enabled', 'false'],
  ['trust_device_expiration', '720h'],
  ['cleanup_interval', '6h'],
  ['cleanup_retention', '24h'],
  ['pkce_enforce_s256', 'true'],
  ['require_mfa', 'false'],
  ['mfa_method', 'totp'],
  ['require_email_verification', 'false'],
  ['email_verification_expiration', '24h'],
  ['password_reset_expiration', '1h'],
  ['magic_link_enabled', 'false'],
  ['magic_link_expiration', '15m'],
  ['audit_log_retention', '720h'],
  ['smtp_host', ''],
  ['smtp_port', '587'],
  ['smtp_username', ''],
  ['smtp_password', ''],
  ['smtp_from', ''],
  ['theme_title', 'Autentico'],
  ['theme_logo_url', ''],
  ['theme_css_inline', ''],
  ['theme_css_file', ''],
  ['theme_brand_color', '#ff7b00'],
  ['theme_tagline', ''],
  ['email_footer_text', ''],
  ['onboarded', 'false'],
  ['allow_self_service_deletion', 'false'],
  ['allow_username_change', 'false'],
  ['allow_email_change', 'false'],
  ['signup_show_optional_fields', 'false'],
  ['profile_field_email', 'optional'],
  ['profile_field_given_name', 'optional'],
  ['profile_field_family_name', 'optional'],
  ['profile_field_middle_name', 'hidden'],
  ['profile_field_nickname', 'hidden'],
  ['profile_field_phone', 'optional'],
  ['profile_field_picture', 'optional'],
  ['profile_field_website', 'hidden'],
  ['profile_field_gender', 'hidden'],
  ['profile_field_birthdate', 'hidden'],
  ['profile_field_profile', 'hidden'],
  ['profile_field_locale', 'hidden'],
  ['profile_field_address', 'optional'],
  ['footer_links', '[]'],
  ['device_code_expiration', '10m'],
  ['device_code_polling_interval', '5'],
  ['cors_allowed_origins', ''],
])

/** Settings whose value must be a duration, and the other values they may have. */
export const durationSettings: ReadonlyMap<string, readonly string[]> = new Map([
  ['access_token_expiration', []],
  ['refresh_token_expiration', []],
  ['authorization_code_expiration', []],
  ['sso_session_idle_timeout', ['', '0']],
  ['sso_session_max_age', ['', '0']],
  ['account_lockout_duration', []],
  ['trust_device_expiration', []],
  ['cleanup_interval', []],
  ['cleanup_retention', []],
  ['email_verification_expiration', []],
  ['password_reset_expiration', []],
  ['magic_link_expiration', []],
  ['audit_log_retention', ['', '0', '-1']],
])

const trueWords = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])

/**
 * The settings the server works with. They are a copy made at start and at every change through the API: an edit of the
 * table from outside is not seen until then.
 */
export class Settings {
  readonly #db: Database.Database
  #copy: ReadonlyMap<string, string> = new Map()

  constructor(db: Database.Database) {
    this.#db = db
  }

  /** Writes the default of every setting that is absent or empty, then makes the copy. */
  start(now: Date): void {
    const present = this.stored()
    for (const [key, value] of settingDefaults) {
      if ((present.get(key) ?? '') === '') this.store(key, value, now)
    }
    this.reload()
  }

  reload(): void {
    this.#copy = this.stored()
  }

  stored(): ReadonlyMap<string, string> {
    const rows = this.#db.prepare<[], { key: string; value: string }>('SELECT key, value FROM settings').all()
    return new Map(rows.map(({ key, value }) => [key, value]))
  }

  store(key: string, value: string, now: Date): void {
    this.#db
      .prepare(
        `INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?)
         ON CONFLICT(key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
      )
      .run(key, value, sqlTime(now))
  }

  text(key: string): string {
    return this.#copy.get(key) ?? settingDefaults.get(key) ?? ''
  }

  flag(key: string): boolean {
    return trueWords.has(this.text(key))
  }

  number(key: string): number {
    const value = Number.parseInt(this.text(key), 10)
    return Number.isNaN(value) ? Number(settingDefaults.get(key) ?? '0') : value
  }

  /** Milliseconds. */
  duration(key: string): number {
    return durationMs(this.text(key)) ?? durationMs(settingDefaults.get(key) ?? '0') ?? 0
  }

  /** A JSON list of strings. */
  words(key: string): readonly string[] {
    return readWords(this.text(key))
  }
}

/** A JSON list of strings; empty when the text is something else. */
export function readWords(json: string | null): readonly string[] {
  try {
    const value: unknown = JSON.parse(json ?? '[]')
    return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []
  } catch {
    return []
  }
}
